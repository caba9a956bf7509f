//! From the bytes of a file to the current revision: load, test, admit, install.

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use tidegate_engine::Digest;

use super::{Reload, Step, file};
use crate::{
    admission::{Admission, Refusal},
    revision::{By, Took},
};

/// A file as it was read.
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Digest,
    pub(super) took: Took,
}

/// The digest of the policy that took over; `None`: the file was replaced meanwhile.
pub(super) type Loaded = Result<Option<Digest>, (Option<Digest>, Refusal)>;

impl Reload {
    pub(super) async fn read(&self, path: &Path, settle: Duration) -> Result<Found, Refusal> {
        self.board.loading(Step::Reading);
        let started = Instant::now();
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || file::read(&path)).await;
        let bytes = read.map_err(|error| Refusal::Read(io::Error::other(error)))??;
        Ok(Found {
            digest: Digest::of(&bytes),
            bytes,
            took: Took {
                settle,
                read: started.elapsed(),
                ..Took::default()
            },
        })
    }

    /// Loads and tests a policy and makes it the current revision. A file that holds what it held before changes nothing.
    /// Compiling takes seconds: a file that is not wanted any more by then does not take over.
    pub(super) async fn take_over(&self, found: Found, by: By, is_wanted: impl Fn() -> bool) -> Loaded {
        let _loading = self.loading.lock().await;
        let Found {
            bytes,
            digest,
            mut took,
        } = found;
        if matches!(by, By::File | By::Request) && self.is_known(digest.as_str()) {
            tracing::info!(digest = digest.as_str(), "the policy's file holds what it held before");
            return Ok(Some(digest));
        }
        let refused = |refusal| (Some(digest.clone()), refusal);
        self.admission.may_load(digest.as_str()).map_err(refused)?;
        // A pin is set by a person, who means it.
        if by != By::Promotion
            && self.pin().is_none()
            && let Some(retired) = self.denied(digest.as_str())
        {
            return Err(refused(Refusal::Denylisted(retired)));
        }
        self.board.loading(Step::Compiling);
        let started = Instant::now();
        let policy = match by {
            By::Start => self.engine.load(&bytes).await,
            By::File | By::Request | By::Promotion => self.engine.load_in_background(&bytes).await,
        };
        let mut policy = policy.map_err(|error| refused(Refusal::Load(error)))?;
        took.load = started.elapsed();
        self.board.loading(Step::Testing);
        let started = Instant::now();
        Admission::test(&policy).await.map_err(refused)?;
        took.self_test = started.elapsed();
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
            let over = current.map(|current| current.id().number);
            let rollback = self.settings.rollback.as_ref();
            match self.revisions.install(policy, over, by, took, rollback) {
                Ok(revision) => break revision,
                // The gate rolled back in the meantime.
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
            settled = ?took.settle,
            loaded = ?took.load,
            tested = ?took.self_test,
            "the policy is loaded and decides from now on"
        );
        Ok(Some(digest))
    }

    /// Whether it decides, or is what the file held before: then another policy took over from it on request, or it was
    /// rolled back, and a file that was only touched does not undo that.
    fn is_known(&self, digest: &str) -> bool {
        self.is_current(digest) || self.board.digest().as_deref() == Some(digest)
    }
}
