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

use self::load::{Loaded, Loader, PolicyFile, Turn};
pub use self::{
    settings::Settings,
    status::{Status, Step},
};
use crate::{
    admission::{Admission, Refusal},
    file::{Place, Settled, Watch},
    revisions::{LoadedBy, Retired, Revisions},
};

/// How often a file is read on request, when it is another one each time.
const ATTEMPTS: u32 = 20;
/// The wait before it is read again.
const PAUSE: Duration = Duration::from_millis(250);

/// Replaces the policy.
#[derive(Debug)]
pub struct Reload {
    settings: Settings,
    loader: Loader,
    watch: Watch,
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
            watch: Watch::default(),
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
        let status = self.loader.tracker.status(self.watch.pending_since());
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
        let replaced = digest.as_deref().filter(|digest| !self.loader.is_current(digest));
        match replaced.and_then(|digest| self.loader.denied(digest)) {
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
        self.read_now(LoadedBy::Start).await
    }

    /// Reads the file now, changed or not, and loads it.
    pub async fn now(&self) -> Result<(), Refusal> {
        self.read_now(LoadedBy::Request).await
    }

    /// Loads the file each time that it changes, until `stop`.
    pub async fn follow(&self, stop: CancellationToken) {
        stop.run_until_cancelled(self.follow_for_ever()).await;
    }

    async fn follow_for_ever(&self) {
        loop {
            match self.watch.next(self.path()).await {
                Ok(settled) => self.reload(settled).await,
                Err(error) => {
                    let _turn = self.loader.turn().await;
                    self.conclude(None, Err((None, Refusal::Read(error))));
                }
            }
        }
    }

    /// Makes the shadow policy the current one.
    pub async fn promote(&self) -> Result<(Option<RevisionId>, RevisionId), CannotPromote> {
        let path = self.settings.shadow.as_deref().ok_or(CannotPromote::NoShadow)?;
        let turn = self.loader.turn().await;
        let file = self.read_shadow(&turn, path).await.map_err(CannotPromote::Refused)?;
        let before = self.loader.revisions.current();
        if let Some(current) = before
            .as_ref()
            .filter(|current| current.policy.digest() == &file.digest)
        {
            return Err(CannotPromote::IsCurrent(current.id().clone()));
        }
        let promoted = file.digest.clone();
        let loaded = turn.take_over(file, LoadedBy::Promotion, || true).await;
        self.loader.tracker.idle();
        loaded.map_err(|(digest, refusal)| {
            let digest = digest.as_ref().map(Digest::as_str);
            tracing::error!(shadow = %path.display(), digest, why = chain(&refusal), "the shadow policy is refused");
            self.loader.metrics.policy_refused();
            CannotPromote::Refused(refusal)
        })?;
        let current = self.loader.revisions.current();
        let current = current.filter(|current| *current.policy.digest() == promoted);
        let before = before.map(|before| before.id().clone());
        Ok((before, current.ok_or(CannotPromote::RolledBack)?.id().clone()))
    }

    async fn read_shadow(&self, turn: &Turn<'_>, path: &Path) -> Result<PolicyFile, Refusal> {
        for _ in 0..ATTEMPTS {
            let read = turn.read(path, None).await;
            self.loader.tracker.idle();
            if let Some(file) = read? {
                return Ok(file);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Refusal::Changing)
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
        self.loader.allow(digest);
    }

    /// Reads the file and loads it, and again when it is another one by then.
    async fn read_now(&self, by: LoadedBy) -> Result<(), Refusal> {
        let turn = self.loader.turn().await;
        for _ in 0..ATTEMPTS {
            if let Some(result) = self.load(&turn, None, by).await {
                return result;
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.conclude(None, Err((None, Refusal::Changing)));
        Err(Refusal::Changing)
    }

    /// Loads what has settled, unless another turn has done it meanwhile.
    async fn reload(&self, settled: Settled) {
        let turn = self.loader.turn().await;
        if !self.watch.is_done_with(settled.place) {
            self.load(&turn, Some(settled), LoadedBy::File).await;
        }
    }

    /// Reads the file and loads it; `None`: it changed meanwhile, or is not what has settled, and must be read again.
    async fn load(&self, turn: &Turn<'_>, settled: Option<Settled>, by: LoadedBy) -> Option<Result<(), Refusal>> {
        let expected = settled.map(|settled| settled.place);
        match turn.read(self.path(), settled).await {
            Ok(Some(file)) => {
                let place = file.place;
                let loaded = turn.take_over(file, by, || place.is_at(self.path())).await;
                self.conclude(Some(place), loaded)
            }
            Ok(None) => self.conclude(expected, Ok(None)),
            Err(refusal) => {
                let place = expected.or_else(|| refusal.is_missing().then_some(Place::Missing));
                self.conclude(place, Err((None, refusal)))
            }
        }
    }

    /// `None`: the file must be read again.
    fn conclude(&self, place: Option<Place>, loaded: Loaded) -> Option<Result<(), Refusal>> {
        let result = match loaded {
            Ok(None) => {
                self.loader.tracker.idle();
                None
            }
            Ok(Some(digest)) => {
                self.loader.tracker.loaded(digest.to_string());
                Some(Ok(()))
            }
            Err((digest, refusal)) => {
                self.refuse(digest, &refusal);
                Some(Err(refusal))
            }
        };
        self.watch.was_read(place, result.as_ref());
        result
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
