//! Replacing the policy of a gate that is at work: the file is watched, read when it is whole, loaded and tested beside the
//! traffic, and takes over as a whole or not at all. Whatever is wrong with it, the policy that judges stays.

mod stamp;
mod status;
mod watch;

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tidegate_engine::{Digest, Engine};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::{
    admission::{Admission, Refusal},
    config::{self, Config},
    generation::{By, Generation, Generations, Label, Took},
    metrics::Metrics,
    pipeline::chain,
};
pub(crate) use stamp::Stamp;
pub use status::Status;
use status::{Board, Step};
use watch::Watch;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;
/// How long an empty file is taken for one that is about to be written.
const EMPTY: Duration = Duration::from_secs(10);

/// Replaces the policy.
#[derive(Debug)]
pub struct Reload {
    path: PathBuf,
    candidate: Option<PathBuf>,
    settings: Option<config::Reload>,
    rollback: Option<config::Rollback>,
    admission: Admission,
    engine: Engine,
    generations: Arc<Generations>,
    metrics: Arc<Metrics>,
    board: Board,
    /// One policy takes over at a time.
    turn: Mutex<()>,
}

/// Why the candidate does not take over.
#[derive(Debug, thiserror::Error)]
pub enum CannotPromote {
    /// None is named.
    #[error("there is no candidate: name its file as `policy.candidate`")]
    NoCandidate,
    /// It is what judges already.
    #[error("the candidate is the current policy, generation {0}")]
    IsCurrent(Label),
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

impl Reload {
    /// For the policy in the file `path`; nothing is loaded yet.
    pub fn new(
        config: &Config,
        path: PathBuf,
        engine: Engine,
        generations: Arc<Generations>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let settings = config.policy.reload;
        Self {
            path,
            candidate: config.policy.candidate.as_ref().map(|candidate| candidate.path.clone()),
            settings,
            rollback: config.policy.rollback,
            admission: Admission::new(config),
            engine,
            generations,
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
        if status != Status::Ready {
            return status;
        }
        let digest = self.board.digest();
        match digest
            .as_deref()
            .and_then(|digest| self.generations.went_back_from(digest))
        {
            None => status,
            Some(left) => Status::Refused {
                at: left.at.clone(),
                why: Refusal::WentBack(left).to_string(),
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

    /// Loads the file as the gate starts, with all of the machine.
    pub async fn start(&self) -> Result<(), Refusal> {
        tracing::info!(policy = %self.path.display(), "loading the policy; the first time it is compiled, which takes seconds");
        let found = self.read(&self.path, Duration::ZERO).await;
        let taken = match found {
            Ok(found) => self.take_over(found, By::Start).await.map(digest_of),
            Err(refusal) => Err((None, refusal)),
        };
        self.conclude(taken)
    }

    /// Watches the file until `stop`.
    pub async fn watch(&self, stop: CancellationToken) {
        let Some(settings) = self.settings else { return };
        stop.run_until_cancelled(self.follow(settings)).await;
    }

    /// Puts the candidate in force.
    pub async fn promote(&self) -> Result<(Option<Label>, Arc<Generation>), CannotPromote> {
        let path = self.candidate.as_deref().ok_or(CannotPromote::NoCandidate)?;
        let found = self.read(path, Duration::ZERO).await;
        self.board.aside();
        let found = found.map_err(CannotPromote::Refused)?;
        let before = self.generations.current();
        if let Some(current) = before
            .as_ref()
            .filter(|current| current.policy.digest() == &found.digest)
        {
            return Err(CannotPromote::IsCurrent(current.label().clone()));
        }
        let taken = self.take_over(found, By::Promotion).await;
        self.board.aside();
        let generation = taken.map_err(|(_, refusal)| CannotPromote::Refused(refusal))?;
        Ok((before.map(|before| before.label().clone()), generation))
    }

    async fn follow(&self, settings: config::Reload) {
        let mut watch = Watch::new(self.path.clone());
        // Should it have changed since it was loaded, it is read again and found to be the same.
        let mut seen = None;
        loop {
            match Stamp::of(&self.path) {
                Ok(stamp) if stamp == seen => {}
                Ok(None) => {
                    seen = None;
                    if let Some(current) = self.generations.current() {
                        tracing::warn!(policy = %self.path.display(), generation = %current.label(), "the policy's file is gone; what is loaded goes on");
                    }
                }
                Ok(Some(_)) => seen = self.replace(&mut watch, settings).await,
                Err(error) => self.refuse(None, &Refusal::Read(error)),
            }
            watch.change(settings.poll).await;
        }
    }

    /// Reads the file when it has settled, and lets it take over; gives the stamp of what was read.
    async fn replace(&self, watch: &mut Watch, settings: config::Reload) -> Option<Stamp> {
        let started = Instant::now();
        loop {
            self.board.loading(Step::Settling);
            let before = settled(&self.path, watch, settings.settle).await;
            let waited = started.elapsed();
            let Some(before) = before else {
                self.board.done(None);
                return None;
            };
            let found = self.read(&self.path, waited).await;
            if Stamp::of(&self.path).ok().flatten() != Some(before) {
                continue;
            }
            let taken = match found {
                Ok(found) if self.is_known(&found.digest) => Ok(found.digest),
                Ok(found) => self.take_over(found, By::File).await.map(digest_of),
                Err(refusal) => Err((None, refusal)),
            };
            // What is wrong is on the board.
            let _ = self.conclude(taken);
            return Some(before);
        }
    }

    /// Whether it judges, or is what the file held before: then another policy took over from it on request, or because
    /// it did badly, and a file that was only touched does not undo that.
    fn is_known(&self, digest: &Digest) -> bool {
        let current = self.generations.current();
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

    /// Loads and tests a policy and puts it in force.
    async fn take_over(&self, found: Found, by: By) -> Result<Arc<Generation>, (Option<Digest>, Refusal)> {
        let _turn = self.turn.lock().await;
        let Found {
            bytes,
            digest,
            mut took,
        } = found;
        let refused = |refusal| (Some(digest.clone()), refusal);
        self.admission.may_load(digest.as_str()).map_err(refused)?;
        if by == By::File
            && let Some(left) = self.generations.went_back_from(digest.as_str())
        {
            return Err(refused(Refusal::WentBack(left)));
        }
        self.board.loading(Step::Compiling);
        let started = Instant::now();
        let policy = match by {
            By::Start => self.engine.load(&bytes).await,
            By::File | By::Promotion => self.engine.load_in_background(&bytes).await,
        };
        let policy = policy.map_err(|error| refused(Refusal::Load(error)))?;
        took.load = started.elapsed();
        self.board.loading(Step::Testing);
        let started = Instant::now();
        Admission::test(&policy).await.map_err(refused)?;
        took.self_test = started.elapsed();
        let current = self.generations.current();
        let catalog = current.as_ref().map(|current| current.policy.catalog());
        self.admission.fits(policy.catalog(), catalog).map_err(refused)?;
        let generation = self.generations.install(policy, by, took, self.rollback.as_ref());
        self.metrics.policy_loaded();
        let record = &generation.record;
        tracing::info!(
            generation = record.label.number,
            digest = record.label.digest,
            name = record.name,
            version = record.version,
            cached = record.cached,
            settled = ?took.settle,
            loaded = ?took.load,
            tested = ?took.self_test,
            "the policy is loaded and judges from now on"
        );
        Ok(generation)
    }

    fn conclude(&self, taken: Result<Digest, (Option<Digest>, Refusal)>) -> Result<(), Refusal> {
        match taken {
            Ok(digest) => {
                self.board.done(Some(digest.to_string()));
                Ok(())
            }
            Err((digest, refusal)) => {
                self.refuse(digest, &refusal);
                Err(refusal)
            }
        }
    }

    fn refuse(&self, digest: Option<Digest>, refusal: &Refusal) {
        let why = chain(refusal);
        let digest = digest.map(|digest| digest.to_string());
        if self.board.refused(&why, digest.clone()) {
            let generation = self.generations.current().map(|current| current.label().number);
            tracing::error!(policy = %self.path.display(), digest, generation, why, "the policy's file is refused");
            self.metrics.policy_refused();
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is mapped over")]
fn digest_of(generation: Arc<Generation>) -> Digest {
    generation.policy.digest().clone()
}

/// Waits until the file has not changed for a while and nobody is writing to it; `None`: it is gone.
async fn settled(path: &Path, watch: &mut Watch, settle: Duration) -> Option<Stamp> {
    let started = Instant::now();
    let mut before = Stamp::of(path).ok().flatten();
    loop {
        tokio::time::sleep(settle).await;
        let now = Stamp::of(path).ok().flatten();
        let is_empty = now.is_some_and(|stamp| stamp.len == 0) && started.elapsed() < EMPTY;
        if now == before && !is_empty && !watch.is_being_written() {
            return now;
        }
        before = now;
    }
}

/// The bytes of a policy's file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(Refusal::Read)?;
    let size = file.metadata().map_err(Refusal::Read)?.len();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Refusal::Read)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Refusal::TooLarge {
            bytes: size,
            limit: LARGEST,
        });
    }
    Ok(bytes)
}
