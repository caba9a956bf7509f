//! From the bytes of a file to the current revision: load, test, admit, install. Knows nothing of when a file is read.

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use tidegate_engine::Digest;

use super::{Reload, Step, file};
use crate::{
    admission::{Admission, Refusal},
    revision::{LoadedBy, Timings},
};

/// A file that was read.
pub(super) struct PolicyFile {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Digest,
    pub(super) timings: Timings,
}

/// The digest of the policy; `None`: the file was replaced meanwhile. A refusal comes with the digest, where it is known.
pub(super) type Loaded = Result<Option<Digest>, (Option<Digest>, Refusal)>;

impl Reload {
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

    /// Loads and tests a policy and makes it the current revision. A file with the same content as before changes nothing.
    /// Compiling takes seconds: if `is_wanted` is false by then, the policy does not take over.
    pub(super) async fn take_over(&self, file: PolicyFile, by: LoadedBy, is_wanted: impl Fn() -> bool) -> Loaded {
        let _loading = self.loading.lock().await;
        let PolicyFile {
            bytes,
            digest,
            mut timings,
        } = file;
        if matches!(by, LoadedBy::File | LoadedBy::Request) && self.is_known(digest.as_str()) {
            tracing::info!(digest = digest.as_str(), "the policy's file holds what it held before");
            return Ok(Some(digest));
        }
        let refused = |refusal| (Some(digest.clone()), refusal);
        self.admission.may_load(digest.as_str()).map_err(refused)?;
        // A person who pins a policy overrides the denylist.
        if by != LoadedBy::Promotion
            && self.pin().is_none()
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
            let rollback = self.settings.rollback.as_ref();
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

    /// Whether a policy is the current one, or the last one of this file. The latter may have been replaced on request or
    /// rolled back, which a file that was only touched does not undo.
    fn is_known(&self, digest: &str) -> bool {
        self.is_current(digest) || self.tracker.digest().as_deref() == Some(digest)
    }
}
