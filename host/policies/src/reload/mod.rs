//! Replaces the policy of a running gate. A changed file is loaded and tested beside the traffic, and takes over as a whole
//! or not at all. If it is refused, the current revision stays.
//!
//! Knows nothing of HTTP and signals: [`Reload::now`] is for them.

mod denylist;
mod load;
mod settings;
mod status;

use std::{path::Path, sync::Arc, time::Duration};

use tidegate_engine::{Digest, Engine};
use tidegate_metrics::Metrics;
use tidegate_model::{clock, error::chain, revision::RevisionId};
use tokio_util::sync::CancellationToken;

use self::load::{Loaded, Loader};
pub use self::{
    settings::Settings,
    status::{Status, Step},
};
use crate::{
    admission::{Admission, Refusal},
    file::{FileId, Found, Watch},
    revisions::{LoadedBy, Retired, Revisions},
};

/// Replaces the policy.
#[derive(Debug)]
pub struct Reload {
    settings: Settings,
    loader: Loader,
}

/// Why the shadow policy is not promoted.
#[derive(Debug, thiserror::Error)]
pub enum CannotPromote {
    /// None is configured.
    #[error("there is no shadow policy: name its file as `policy.shadow.path`")]
    NoShadow,
    /// It is the current policy already.
    #[error("the shadow policy is the current policy, {0}")]
    IsCurrent(RevisionId),
    /// It was rolled back at once.
    #[error("the shadow policy was promoted and rolled back")]
    RolledBack,
    /// It is refused.
    #[error("the shadow policy is refused: {}", chain(.0))]
    Refused(#[source] Refusal),
}

impl Reload {
    /// Nothing is loaded yet.
    pub fn new(
        settings: Settings,
        admission: Admission,
        engine: Engine,
        revisions: Arc<Revisions>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            loader: Loader::new(&settings, admission, engine, revisions, metrics),
            settings,
        }
    }

    /// The policy's file.
    pub fn path(&self) -> &Path {
        &self.settings.path
    }

    /// Whether a changed file is loaded automatically, so that a refused one may be corrected.
    pub fn is_followed(&self) -> bool {
        self.settings.is_followed
    }

    /// The digest of the only policy that may run, when there is one.
    pub fn pin(&self) -> Option<&str> {
        self.loader.pin()
    }

    /// The state of the reload, or why the file is refused.
    pub fn status(&self) -> Status {
        let status = self.loader.tracker.status();
        if let Status::Refused {
            digest: Some(digest), ..
        } = &status
            && self.loader.is_current(digest)
        {
            // The gate has rolled back to it.
            return self.loader.tracker.idle_status();
        }
        if status != Status::Ready {
            return status;
        }
        let digest = self.loader.tracker.last_loaded();
        match digest.as_deref().and_then(|digest| self.loader.denied(digest)) {
            None => status,
            Some(retired) => Status::Refused {
                at: retired.at.clone(),
                why: Refusal::Denylisted(retired).to_string(),
                digest,
            },
        }
    }

    /// Loads the file when the gate starts, with all cores.
    pub async fn start(&self) -> Result<(), Refusal> {
        tracing::info!(policy = %self.path().display(), "loading the policy; the first time it is compiled, which takes seconds");
        loop {
            if let Some(concluded) = self.reload(None, Duration::ZERO, LoadedBy::Start).await {
                return concluded;
            }
        }
    }

    /// Reads the file now, changed or not, and loads it.
    pub async fn now(&self) -> Result<(), Refusal> {
        loop {
            if let Some(concluded) = self.reload(None, Duration::ZERO, LoadedBy::Request).await {
                return concluded;
            }
        }
    }

    /// Loads the file each time that it changes, until `stop`.
    pub async fn follow(&self, stop: CancellationToken) {
        stop.run_until_cancelled(self.follow_for_ever()).await;
    }

    async fn follow_for_ever(&self) {
        // The file may have changed since the start: it is read again, and has the same content if not.
        let mut watch = Watch::default();
        loop {
            match watch.next(self.path()).await {
                Ok(Found::Missing) => self.report_missing(),
                Ok(Found::Changed) => self.loader.tracker.loading(Step::Settling),
                Ok(Found::Restored) => self.loader.tracker.idle(),
                Ok(Found::Settled { id, unchanged }) => {
                    let result = self.reload(Some(id), unchanged, LoadedBy::File).await;
                    watch.was_read(id, result.as_ref());
                }
                Err(error) => self.refuse(None, &Refusal::Read(error)),
            }
        }
    }

    /// Makes the shadow policy the current one.
    pub async fn promote(&self) -> Result<(Option<RevisionId>, RevisionId), CannotPromote> {
        let path = self.settings.shadow.as_deref().ok_or(CannotPromote::NoShadow)?;
        let file = loop {
            let read = self.loader.read(path, None, Duration::ZERO).await;
            self.loader.tracker.idle();
            if let Some(file) = read.map_err(CannotPromote::Refused)? {
                break file;
            }
        };
        let before = self.loader.revisions.current();
        if let Some(current) = before
            .as_ref()
            .filter(|current| current.policy.digest() == &file.digest)
        {
            return Err(CannotPromote::IsCurrent(current.id().clone()));
        }
        let loaded = self.loader.take_over(file, LoadedBy::Promotion, || true).await;
        self.loader.tracker.idle();
        let digest = loaded.map_err(|(digest, refusal)| {
            let digest = digest.as_ref().map(Digest::as_str);
            tracing::error!(shadow = %path.display(), digest, why = chain(&refusal), "the shadow policy is refused");
            self.loader.metrics.policy_refused();
            CannotPromote::Refused(refusal)
        })?;
        if let Some(digest) = digest {
            self.allow(digest.as_str());
        }
        let id = self.loader.revisions.current().map(|current| current.id().clone());
        let before = before.map(|before| before.id().clone());
        Ok((before, id.ok_or(CannotPromote::RolledBack)?))
    }

    /// Adds a policy to the denylist, when the gate rolls it back automatically: a restart does not load it.
    pub fn deny(&self, digest: &str, why: &str) {
        let retired = Retired {
            at: clock::now(),
            why: why.to_owned(),
        };
        self.loader.denylist.add(digest, &retired);
    }

    /// Removes a policy from the denylist: a person chose it, or it stays the current one.
    pub fn allow(&self, digest: &str) {
        self.loader.denylist.remove(digest);
        self.loader.tracker.allowed(digest);
    }

    /// Reads the file and loads it; `None`: it changed meanwhile, or is not `expected`, and must be read again.
    async fn reload(&self, expected: Option<FileId>, unchanged: Duration, by: LoadedBy) -> Option<Result<(), Refusal>> {
        let file = match self.loader.read(self.path(), expected, unchanged).await {
            Ok(file) => file?,
            Err(refusal) => return self.conclude(Err((None, refusal))),
        };
        let id = file.id;
        let loaded = self.loader.take_over(file, by, || id.is_at(self.path())).await;
        self.conclude(loaded)
    }

    /// `None`: the file must be read again.
    fn conclude(&self, loaded: Loaded) -> Option<Result<(), Refusal>> {
        match loaded {
            Ok(digest) => {
                self.loader.tracker.loaded(digest?.to_string());
                Some(Ok(()))
            }
            Err((digest, refusal)) => {
                self.refuse(digest, &refusal);
                Some(Err(refusal))
            }
        }
    }

    fn report_missing(&self) {
        self.loader.tracker.idle();
        if let Some(current) = self.loader.revisions.current() {
            tracing::warn!(policy = %self.path().display(), revision = %current.id(), "the policy's file is missing; the current revision stays");
        }
    }

    fn refuse(&self, digest: Option<Digest>, refusal: &Refusal) {
        let why = chain(refusal);
        let digest = digest.map(|digest| digest.to_string());
        let report = || {
            let revision = self.loader.revisions.current().map(|current| current.id().to_string());
            tracing::error!(policy = %self.path().display(), digest, revision, why, "the policy's file is refused");
            self.loader.metrics.policy_refused();
        };
        self.loader.tracker.refused(&why, digest.as_deref(), report);
    }
}
