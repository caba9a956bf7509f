//! Replaces the policy of a running gate. A changed file is loaded and tested beside the traffic, and takes over as a whole
//! or not at all. If it is refused, the current revision stays.
//!
//! Knows nothing of HTTP and signals: [`Reload::now`] is for them.

mod denylist;
mod file;
mod load;
mod status;
mod watch;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tidegate_engine::{Digest, Engine};
use tidegate_metrics::Metrics;
use tidegate_model::{clock, error::chain, revision::RevisionId};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub use self::status::{Status, Step};
use self::{
    denylist::Denylist,
    file::FileId,
    load::{Loaded, Loader},
    status::StatusTracker,
};
pub(crate) use self::{
    file::read,
    watch::{Look, POLL_INTERVAL, Watch},
};
use crate::{
    admission::{Admission, Refusal},
    revision::{LoadedBy, Retired, Revisions, RollbackSettings},
};

/// The wait before a file is read again, when the machine was at fault and not the policy.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Which file is the policy, and how it is replaced.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The policy's file.
    pub path: PathBuf,
    /// The file of the shadow policy, where there is one.
    pub shadow: Option<PathBuf>,
    /// Whether a changed file is loaded automatically.
    pub is_followed: bool,
    /// When a new revision is rolled back; `None`: never.
    pub rollback: Option<RollbackSettings>,
    /// The directory of compiled policies and the denylist.
    pub cache_dir: Option<PathBuf>,
}

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
            loader: Loader {
                denylist: Denylist::new(settings.cache_dir.as_deref(), &settings.path),
                tracker: StatusTracker::new(settings.is_followed),
                rollback: settings.rollback,
                admission,
                engine,
                revisions,
                metrics,
                loading: Mutex::default(),
            },
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
        self.loader.admission.pin()
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
            return Status::Ready;
        }
        if status != Status::Ready {
            return status;
        }
        let digest = self.loader.tracker.digest();
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
            if let Some(concluded) = self.reload(Duration::ZERO, LoadedBy::Start).await {
                return concluded;
            }
        }
    }

    /// Reads the file now, changed or not, and loads it.
    pub async fn now(&self) -> Result<(), Refusal> {
        loop {
            if let Some(concluded) = self.reload(Duration::ZERO, LoadedBy::Request).await {
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
            match watch.look(self.path()) {
                Ok(Look::Same) => {}
                Ok(Look::Missing) => self.report_missing(),
                Ok(Look::Changed) => self.loader.tracker.loading(Step::Settling),
                Ok(Look::Restored) => self.loader.tracker.idle(),
                Ok(Look::Settled(id, settled)) => match self.reload(settled, LoadedBy::File).await {
                    Some(Err(refusal)) if refusal.is_retryable() => watch.read_again_after(id, RETRY_AFTER),
                    Some(_) => watch.was_read(id),
                    // It changed meanwhile: the next check finds another identity, or no file.
                    None => {}
                },
                Err(error) => self.refuse(None, &Refusal::Read(error)),
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Makes the shadow policy the current one.
    pub async fn promote(&self) -> Result<(Option<RevisionId>, RevisionId), CannotPromote> {
        let path = self.settings.shadow.as_deref().ok_or(CannotPromote::NoShadow)?;
        let file = self.loader.read(path, Duration::ZERO).await;
        self.loader.tracker.idle();
        let file = file.map_err(CannotPromote::Refused)?;
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
    }

    /// Reads the file and loads it; `None`: it changed meanwhile, and must be read again.
    async fn reload(&self, settle: Duration, by: LoadedBy) -> Option<Result<(), Refusal>> {
        let before = FileId::of(self.path()).ok().flatten();
        let is_unchanged = || FileId::of(self.path()).ok().flatten() == before;
        let file = self.loader.read(self.path(), settle).await;
        if !is_unchanged() {
            return None;
        }
        let loaded = match file {
            Ok(file) => self.loader.take_over(file, by, is_unchanged).await,
            Err(refusal) => Err((None, refusal)),
        };
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
