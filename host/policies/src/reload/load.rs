//! From the bytes of a file to the current revision: load, test, admit, install. Knows nothing of when a file is read.

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tidegate_engine::{Digest, Engine};
use tidegate_metrics::Metrics;
use tokio::sync::Mutex;

use super::{
    denylist::Denylist,
    file,
    status::{StatusTracker, Step},
};
use crate::{
    admission::{Admission, Refusal},
    revision::{LoadedBy, Retired, Revisions, RollbackSettings, Timings},
};

/// A file that was read.
pub(super) struct PolicyFile {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Digest,
    pub(super) timings: Timings,
}

/// The digest of the policy; `None`: the file was replaced meanwhile. A refusal comes with the digest, where it is known.
pub(super) type Loaded = Result<Option<Digest>, (Option<Digest>, Refusal)>;

/// Loads policies, one at a time.
#[derive(Debug)]
pub(super) struct Loader {
    pub(super) admission: Admission,
    pub(super) engine: Engine,
    pub(super) revisions: Arc<Revisions>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) tracker: StatusTracker,
    pub(super) denylist: Denylist,
    /// When a new revision is rolled back; `None`: never.
    pub(super) rollback: Option<RollbackSettings>,
    /// One policy is loaded at a time.
    pub(super) loading: Mutex<()>,
}

impl Loader {
    pub(super) async fn read(&self, path: &Path, settle: Duration) -> Result<PolicyFile, Refusal> {
        self.tracker.loading(Step::Reading);
        let started = Instant::now();
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || file::read(&path)).await;
        let bytes = read.map_err(|error| Refusal::Read(io::Error::other(error)))??;
        Ok(PolicyFile {
            digest: Digest::of(&bytes),
            bytes,
            timings: Timings {
                settle,
                read: started.elapsed(),
                ..Timings::default()
            },
        })
    }

    /// Loads and tests a policy and makes it the current revision. The current one is not loaded again, nor is the last one
    /// of a file that was only touched: it may have been replaced on request or rolled back, which a touch does not undo.
    /// Compiling takes seconds: if `is_wanted` is false by then, the policy does not take over.
    pub(super) async fn take_over(&self, file: PolicyFile, by: LoadedBy, is_wanted: impl Fn() -> bool) -> Loaded {
        let _loading = self.loading.lock().await;
        let PolicyFile {
            bytes,
            digest,
            mut timings,
        } = file;
        let is_known = match by {
            LoadedBy::Start | LoadedBy::Promotion => false,
            LoadedBy::Request => self.is_current(digest.as_str()),
            LoadedBy::File => self.is_current(digest.as_str()) || self.tracker.is_last_loaded(digest.as_str()),
        };
        if is_known {
            tracing::info!(digest = digest.as_str(), "the policy's file holds what it held before");
            return Ok(Some(digest));
        }
        let refused = |refusal| (Some(digest.clone()), refusal);
        self.admission.may_load(digest.as_str()).map_err(refused)?;
        // A person who pins a policy overrides the denylist.
        if by != LoadedBy::Promotion
            && self.admission.pin().is_none()
            && let Some(retired) = self.denied(digest.as_str())
        {
            return Err(refused(Refusal::Denylisted(retired)));
        }
        self.tracker.loading(Step::Compiling);
        let started = Instant::now();
        let policy = match by {
            LoadedBy::Start => self.engine.load(&bytes).await,
            LoadedBy::File | LoadedBy::Request | LoadedBy::Promotion => self.engine.load_in_background(&bytes).await,
        };
        let mut policy = policy.map_err(|error| refused(Refusal::Load(error)))?;
        timings.load = started.elapsed();
        self.tracker.loading(Step::Testing);
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
            let current = self.revisions.current();
            let catalog = current.as_ref().map(|current| current.policy.catalog());
            self.admission.fits(policy.catalog(), catalog).map_err(refused)?;
            let replaced = current.map(|current| current.id().number);
            let rollback = self.rollback.as_ref();
            match self.revisions.install(policy, replaced, by, timings, rollback) {
                Ok(revision) => break revision,
                // The gate has rolled back meanwhile.
                Err(returned) => policy = *returned,
            }
        };
        self.metrics.policy_loaded();
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
        Ok(Some(digest))
    }

    /// Whether a policy decides now.
    pub(super) fn is_current(&self, digest: &str) -> bool {
        let current = self.revisions.current();
        current.is_some_and(|current| current.id().digest == digest)
    }

    /// When and why a policy was rolled back, by this process or an earlier one.
    pub(super) fn denied(&self, digest: &str) -> Option<Retired> {
        let in_this_process = self.revisions.denylisted(digest);
        in_this_process.or_else(|| self.denylist.find(digest))
    }
}
