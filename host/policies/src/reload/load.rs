//! From a file to the current revision: read, load, test, admit, install. Knows nothing of when a file is read.

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tidegate_engine::{Digest, Engine};
use tidegate_metrics::Metrics;
use tokio::sync::{Mutex, MutexGuard};

use super::{
    denylist::Denylist,
    settings::Settings,
    status::{StatusTracker, Step},
};
use crate::{
    admission::{Admission, Refusal},
    file::{self, Contents, Place, Settled},
    revisions::{LoadedBy, Retired, Revisions, RollbackSettings, Timings},
    source::{Source, SourceLoader},
};

/// A file that was read.
pub(super) struct PolicyFile {
    pub(super) place: Place,
    pub(super) source: Source,
    pub(super) digest: Digest,
    pub(super) timings: Timings,
}

/// The right to load: from reading a file to the conclusion, one load at a time. So the last conclusion is of the file that was
/// read last.
pub(super) struct Turn<'a> {
    loader: &'a Loader,
    _loading: MutexGuard<'a, ()>,
}

/// The digest of the policy; `None`: the file was replaced meanwhile. A refusal comes with the digest, where it is known.
pub(super) type Loaded = Result<Option<Digest>, (Option<Digest>, Refusal)>;

/// Loads policies, one at a time.
#[derive(Debug)]
pub(super) struct Loader {
    pub(super) revisions: Arc<Revisions>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) tracker: StatusTracker,
    pub(super) denylist: Denylist,
    admission: Admission,
    sources: SourceLoader,
    rollback: Option<RollbackSettings>,
    loading: Mutex<()>,
}

impl Loader {
    pub(super) fn new(
        settings: &Settings,
        admission: Admission,
        engine: Engine,
        revisions: Arc<Revisions>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            revisions,
            metrics,
            tracker: StatusTracker::new(settings.is_followed),
            denylist: Denylist::new(settings.cache_dir.as_deref(), &settings.path),
            admission,
            sources: SourceLoader::new(engine),
            rollback: settings.rollback,
            loading: Mutex::default(),
        }
    }

    /// The digest of the only policy that may run, when there is one.
    pub(super) fn pin(&self) -> Option<&str> {
        self.admission.pin()
    }

    /// The turn to load. The others wait until it is dropped.
    pub(super) async fn turn(&self) -> Turn<'_> {
        Turn {
            loader: self,
            _loading: self.loading.lock().await,
        }
    }

    /// Whether the policy of a file changes nothing: it is the current one, or the last one of this file, which was replaced
    /// on request since. One that was rolled back is not known: it is refused.
    fn is_known(&self, digest: &str) -> bool {
        let is_last = || self.tracker.last_loaded().as_deref() == Some(digest);
        self.is_current(digest) || (is_last() && self.denied(digest).is_none())
    }

    /// Whether a policy decides now.
    pub(super) fn is_current(&self, digest: &str) -> bool {
        let current = self.revisions.current();
        current.is_some_and(|current| current.id().digest == digest)
    }

    /// Removes a policy from the denylist.
    pub(super) fn allow(&self, digest: &str) {
        self.denylist.remove(digest);
        self.tracker.allowed(digest);
    }

    /// When and why a policy was rolled back, by this process or an earlier one.
    pub(super) fn denied(&self, digest: &str) -> Option<Retired> {
        let in_this_process = self.revisions.denylisted(digest);
        in_this_process.or_else(|| self.denylist.find(digest))
    }
}

impl Turn<'_> {
    /// Reads a file; `None`: it changed meanwhile, or is not what has settled, where that is known.
    pub(super) async fn read(&self, path: &Path, settled: Option<Settled>) -> Result<Option<PolicyFile>, Refusal> {
        self.loader.tracker.loading(Step::Reading);
        let started = Instant::now();
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || file::read(&path, settled)).await;
        let contents = read.map_err(|error| Refusal::Read(io::Error::other(error)))??;
        Ok(contents.map(|Contents { place, source }| PolicyFile {
            place,
            digest: source.digest().clone(),
            source,
            timings: Timings {
                settle: settled.map_or(Duration::ZERO, |settled| settled.unchanged),
                read: started.elapsed(),
                ..Timings::default()
            },
        }))
    }

    /// Loads and tests a policy and makes it the current revision. Compiling takes seconds: if `is_wanted` is false by then,
    /// the policy does not take over.
    pub(super) async fn take_over(&self, file: PolicyFile, by: LoadedBy, is_wanted: impl Fn() -> bool) -> Loaded {
        let PolicyFile {
            source,
            digest,
            mut timings,
            ..
        } = file;
        if matches!(by, LoadedBy::File | LoadedBy::Request) && self.loader.is_known(digest.as_str()) {
            tracing::info!(
                digest = digest.as_str(),
                "the policy's file changes nothing: its policy is loaded, or was replaced on request"
            );
            return Ok(Some(digest));
        }
        let refused = |refusal| (Some(digest.clone()), refusal);
        self.loader.admission.may_load(digest.as_str()).map_err(refused)?;
        // A person who pins a policy overrides the denylist.
        if by != LoadedBy::Promotion
            && self.loader.pin().is_none()
            && let Some(retired) = self.loader.denied(digest.as_str())
        {
            return Err(refused(Refusal::Denylisted(retired)));
        }
        self.loader.tracker.loading(Step::Compiling);
        let started = Instant::now();
        let policy = match by {
            LoadedBy::Start => self.loader.sources.load(&source).await,
            LoadedBy::File | LoadedBy::Request | LoadedBy::Promotion => {
                self.loader.sources.load_in_background(&source).await
            }
        };
        let mut policy = policy.map_err(|error| refused(Refusal::Load(error)))?;
        timings.load = started.elapsed();
        self.loader.tracker.loading(Step::Testing);
        let started = Instant::now();
        Admission::test(&policy).await.map_err(refused)?;
        timings.self_test = started.elapsed();
        if !is_wanted() {
            tracing::info!(
                digest = digest.as_str(),
                "the policy's file was replaced while it was loaded; it does not take over"
            );
            return Ok(None);
        }
        let revision = loop {
            let current = self.loader.revisions.current();
            if current
                .as_ref()
                .is_some_and(|current| *current.policy.digest() == digest)
            {
                // The gate has rolled back to it meanwhile.
                return Ok(Some(digest));
            }
            let catalog = current.as_ref().map(|current| current.policy.catalog());
            self.loader.admission.fits(policy.catalog(), catalog).map_err(refused)?;
            if by == LoadedBy::Promotion {
                // A person chose it. Before it decides: if it is rolled back at once, it is denied again.
                self.loader.allow(digest.as_str());
            }
            let replaced = current.map(|current| current.id().number);
            let rollback = self.loader.rollback.as_ref();
            match self.loader.revisions.install(policy, replaced, by, timings, rollback) {
                Ok(revision) => break revision,
                // The gate has rolled back meanwhile.
                Err(returned) => policy = *returned,
            }
        };
        self.loader.metrics.policy_loaded();
        let record = &revision.record;
        tracing::info!(
            revision = record.id.number,
            digest = record.id.digest,
            name = record.name,
            version = record.version,
            cached = record.cached,
            settled = ?timings.settle,
            loaded = ?timings.load,
            tested = ?timings.self_test,
            "the policy is loaded and decides from now on"
        );
        if record.other_build {
            tracing::warn!(
                digest = record.id.digest,
                "another tidegate has built the policy of a folder, so it is compiled like foreign code; build it again with this one, `tidegate build DIR -o FILE`, and it loads in milliseconds"
            );
        }
        Ok(Some(digest))
    }
}
