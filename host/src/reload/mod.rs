//! Replacing the policy of a gate that is at work: the file is watched, read when it is whole, loaded and tested beside the
//! traffic, and takes over as a whole or not at all. Whatever is wrong with it, the policy that judges stays.

mod file;
mod denylist;
mod stamp;
mod status;
mod watch;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tidegate_engine::{Digest, Engine};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::{
    admission::{Admission, Refusal},
    clock,
    config::{self, Config},
    revision::{By, Revisions, Label, Left, Took},
    metrics::Metrics,
    pipeline::chain,
};
pub(crate) use file::read;
use file::settled;
use denylist::Denylist;
pub(crate) use stamp::Stamp;
pub use status::Status;
use status::{Board, Step};
pub use watch::Watch;

/// Replaces the policy.
#[derive(Debug)]
pub struct Reload {
    path: PathBuf,
    candidate: Option<PathBuf>,
    settings: Option<config::Reload>,
    rollback: Option<config::Rollback>,
    admission: Admission,
    engine: Engine,
    revisions: Arc<Revisions>,
    metrics: Arc<Metrics>,
    board: Board,
    denylist: Denylist,
    /// One policy takes over at a time.
    turn: Mutex<()>,
}

/// Why the candidate does not take over.
#[derive(Debug, thiserror::Error)]
pub enum CannotPromote {
    /// None is named.
    #[error("there is no candidate: name its file as `policy.candidate`")]
    NoShadow,
    /// It is what judges already.
    #[error("the candidate is the current policy, revision {0}")]
    IsCurrent(Label),
    /// The gate went back from it at once.
    #[error("the candidate was promoted and left again")]
    Left,
    /// It is not taken.
    #[error("the candidate is not taken: {}", chain(.0))]
    Refused(#[source] Refusal),
}

/// A file as it was read.
struct Found {
    bytes: Vec<u8>,
    digest: Digest,
    took: Took,
}

/// The digest of the policy that took over; `None`: another file was there by then.
type Taken = Result<Option<Digest>, (Option<Digest>, Refusal)>;

impl Reload {
    /// For the policy in the file `path`; nothing is loaded yet.
    pub fn new(
        config: &Config,
        path: PathBuf,
        engine: Engine,
        revisions: Arc<Revisions>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let settings = config.policy.reload;
        Self {
            denylist: Denylist::new(config.engine.cache_dir.as_deref(), &path),
            path,
            candidate: config.policy.candidate.as_ref().map(|candidate| candidate.path.clone()),
            settings,
            rollback: config.policy.rollback,
            admission: Admission::new(config),
            engine,
            revisions,
            metrics,
            board: Board::new(settings.is_some()),
            turn: Mutex::default(),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is doing, or why the file is not taken.
    pub fn status(&self) -> Status {
        let status = self.board.status();
        if let Status::Refused {
            digest: Some(digest), ..
        } = &status
            && self
                .revisions
                .current()
                .is_some_and(|current| current.label().digest == *digest)
        {
            // It was gone back to.
            return Status::Ready;
        }
        if status != Status::Ready {
            return status;
        }
        let digest = self.board.digest();
        match digest.as_deref().and_then(|digest| self.denylisted(digest)) {
            None => status,
            Some(left) => Status::Refused {
                at: left.at.clone(),
                why: Refusal::Denylisted(left).to_string(),
                digest,
            },
        }
    }

    /// The digest of the only policy that may run, when there is one.
    pub fn pin(&self) -> Option<&str> {
        self.admission.pin()
    }

    /// Whether the file is watched: one that is refused may then be mended.
    pub fn is_on(&self) -> bool {
        self.settings.is_some()
    }

    /// Loads the file as the gate starts, with all of the machine; one that is being written is waited for.
    pub async fn start(&self, watch: Option<&Watch>) -> Result<(), Refusal> {
        tracing::info!(policy = %self.path.display(), "loading the policy; the first time it is compiled, which takes seconds");
        loop {
            let before = Stamp::of(&self.path).ok().flatten();
            let taken = self.take_file(before, Duration::ZERO, By::Start).await;
            if let (Err(_), Some(watch)) = (&taken, watch)
                && watch.is_being_written()
            {
                settled(&self.path, watch).await;
            } else if let Some(concluded) = self.conclude(taken) {
                return concluded;
            }
        }
    }

    /// Hears from now on what happens to the file, if it is to be followed. To be made before the file is loaded: a writer
    /// who has begun by the time of the first look would not be known to be at work.
    pub fn watch(&self) -> Option<Watch> {
        self.settings.map(|settings| Watch::new(self.path.clone(), settings))
    }

    /// Lets what the file holds take over, each time it changes, until `stop`.
    pub async fn follow(&self, watch: Watch, stop: CancellationToken) {
        stop.run_until_cancelled(self.replace_each_time(watch)).await;
    }

    /// Puts the candidate in force.
    pub async fn promote(&self) -> Result<(Option<Label>, Label), CannotPromote> {
        let path = self.candidate.as_deref().ok_or(CannotPromote::NoShadow)?;
        let found = self.read(path, Duration::ZERO).await;
        self.board.aside();
        let found = found.map_err(CannotPromote::Refused)?;
        let before = self.revisions.current();
        if let Some(current) = before
            .as_ref()
            .filter(|current| current.policy.digest() == &found.digest)
        {
            return Err(CannotPromote::IsCurrent(current.label().clone()));
        }
        let taken = self.take_over(found, By::Promotion, || true).await;
        self.board.aside();
        let taken = taken.map_err(|(digest, refusal)| {
            let digest = digest.as_ref().map(Digest::as_str);
            tracing::error!(candidate = %path.display(), digest, why = chain(&refusal), "the candidate is refused");
            self.metrics.policy_refused();
            CannotPromote::Refused(refusal)
        })?;
        taken.inspect(|digest| self.accept(digest.as_str()));
        let label = self.revisions.current().map(|current| current.label().clone());
        let before = before.map(|before| before.label().clone());
        Ok((before, label.ok_or(CannotPromote::Left)?))
    }

    async fn replace_each_time(&self, mut watch: Watch) {
        watch.look_for_directories();
        // Should it have changed since it was loaded, it is read again and found to be the same.
        let mut seen = None;
        loop {
            match Stamp::of(&self.path) {
                Ok(stamp) if stamp == seen => {}
                Ok(None) => {
                    seen = None;
                    self.board.aside();
                    if let Some(current) = self.revisions.current() {
                        tracing::warn!(policy = %self.path.display(), revision = %current.label(), "the policy's file is gone; what is loaded goes on");
                    }
                }
                Ok(Some(_)) => seen = self.replace(&watch).await,
                Err(error) => {
                    seen = None;
                    self.refuse(None, &Refusal::Read(error));
                }
            }
            watch.change().await;
        }
    }

    /// Reads the file when it has settled, and lets it take over; gives the stamp of what was read.
    async fn replace(&self, watch: &Watch) -> Option<Stamp> {
        let started = Instant::now();
        loop {
            self.board.loading(Step::Settling);
            let before = settled(&self.path, watch).await;
            let waited = started.elapsed();
            let Some(before) = before else {
                self.board.aside();
                return None;
            };
            let taken = self.take_file(Some(before), waited, By::File).await;
            // What is wrong is on the board, and what may pass is tried again.
            match self.conclude(taken) {
                None => {}
                Some(Err(refusal)) if refusal.may_pass() => return None,
                Some(_) => return Some(before),
            }
        }
    }

    /// Reads the file and lets it take over, as long as its stamp is this one.
    async fn take_file(&self, stamp: Option<Stamp>, settle: Duration, by: By) -> Taken {
        let is_there = || Stamp::of(&self.path).ok().flatten() == stamp;
        let found = self.read(&self.path, settle).await;
        if !is_there() {
            return Ok(None);
        }
        self.take_over(found.map_err(|refusal| (None, refusal))?, by, is_there)
            .await
    }

    /// Whether it judges, or is what the file held before: then another policy took over from it on request, or because
    /// it did badly, and a file that was only touched does not undo that.
    fn is_known(&self, digest: &Digest) -> bool {
        let current = self.revisions.current();
        current.is_some_and(|current| current.policy.digest() == digest)
            || self.board.digest().as_deref() == Some(digest.as_str())
    }

    async fn read(&self, path: &Path, settle: Duration) -> Result<Found, Refusal> {
        self.board.loading(Step::Reading);
        let started = Instant::now();
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read(&path)).await;
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

    /// Loads and tests a policy and puts it in force; one that is known is left where it is. Compiling takes a while: one
    /// that is not wanted any more by then does not take over.
    async fn take_over(&self, found: Found, by: By, is_wanted: impl Fn() -> bool) -> Taken {
        let _turn = self.turn.lock().await;
        let Found {
            bytes,
            digest,
            mut took,
        } = found;
        if by == By::File && self.is_known(&digest) {
            tracing::info!(digest = digest.as_str(), "the policy's file holds what it held before");
            return Ok(Some(digest));
        }
        let refused = |refusal| (Some(digest.clone()), refusal);
        self.admission.may_load(digest.as_str()).map_err(refused)?;
        // A pin is set by a person, who means it.
        if by != By::Promotion
            && self.pin().is_none()
            && let Some(left) = self.denylisted(digest.as_str())
        {
            return Err(refused(Refusal::Denylisted(left)));
        }
        self.board.loading(Step::Compiling);
        let started = Instant::now();
        let policy = match by {
            By::Start => self.engine.load(&bytes).await,
            By::File | By::Promotion => self.engine.load_in_background(&bytes).await,
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
            let over = current.map(|current| current.label().number);
            match self.revisions.install(policy, over, by, took, self.rollback.as_ref()) {
                Ok(revision) => break revision,
                // The gate went back in the meantime.
                Err(returned) => policy = *returned,
            }
        };
        self.metrics.policy_loaded();
        let record = &revision.record;
        tracing::info!(
            revision = record.label.number,
            digest = record.label.digest,
            name = record.name,
            version = record.version,
            cached = record.cached,
            settled = ?took.settle,
            loaded = ?took.load,
            tested = ?took.self_test,
            "the policy is loaded and judges from now on"
        );
        Ok(Some(digest))
    }

    /// `None`: the file is to be looked at again.
    fn conclude(&self, taken: Taken) -> Option<Result<(), Refusal>> {
        match taken {
            Ok(digest) => {
                self.board.done(digest?.to_string());
                Some(Ok(()))
            }
            Err((digest, refusal)) => {
                self.refuse(digest, &refusal);
                Some(Err(refusal))
            }
        }
    }

    /// Why the gate went back from a policy: this process, or one before it.
    fn denylisted(&self, digest: &str) -> Option<Left> {
        let in_this_process = self.revisions.denylisted(digest);
        in_this_process.or_else(|| self.denylist.find(digest))
    }

    /// Remembers that the gate goes back from a policy by itself, so that a restart does not take it again.
    pub fn remember(&self, digest: &str, why: &str) {
        let left = Left {
            at: clock::now(),
            why: why.to_owned(),
        };
        self.denylist.remember(digest, &left);
    }

    /// This policy is in force, whatever was said of it before.
    pub fn accept(&self, digest: &str) {
        self.denylist.forget(digest);
    }

    fn refuse(&self, digest: Option<Digest>, refusal: &Refusal) {
        let why = chain(refusal);
        let digest = digest.map(|digest| digest.to_string());
        let tell = || {
            let revision = self.revisions.current().map(|current| current.label().number);
            tracing::error!(policy = %self.path.display(), digest, revision, why, "the policy's file is refused");
            self.metrics.policy_refused();
        };
        self.board.refused(&why, digest.as_deref(), tell);
    }
}
