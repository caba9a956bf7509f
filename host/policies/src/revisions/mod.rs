//! Revisions: loaded policies, named by their digests. One is the current one, which decides; the last ones before it stay
//! in memory, so that a rollback takes no time. A delivery finishes by the revision that it began with.
//!
//! Knows nothing of files: [`crate::reload`] loads policies.

mod bake;
mod history;
mod record;
mod revision;
mod share;
mod tally;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use tidegate_engine::Policy;
use tidegate_model::revision::RolledBack;

use self::{bake::Bake, history::History};
pub use self::{
    bake::{RollbackReason, RollbackSettings},
    history::{CannotRollBack, Listed, Retired, RevisionState},
    record::{LoadedBy, Record, Timings},
    revision::Revision,
    tally::{CallResult, Counts, Tally},
};

/// The current revision, if a policy is loaded, and those before it.
#[derive(Debug, Default)]
pub struct Revisions {
    current: ArcSwapOption<Revision>,
    history: Mutex<History>,
}

impl Revisions {
    /// The current revision. A delivery keeps the one that it began with.
    pub fn current(&self) -> Option<Arc<Revision>> {
        self.current.load_full()
    }

    /// Makes a policy the current revision in place of the one numbered `replaced`, or returns the policy when that is not
    /// the current one. With `rollback` it has a bake period, in which it is compared with the revisions before it.
    pub fn install(
        &self,
        policy: Policy,
        replaced: Option<u64>,
        by: LoadedBy,
        timings: Timings,
        rollback: Option<&RollbackSettings>,
    ) -> Result<Arc<Revision>, Box<Policy>> {
        let mut history = self.history();
        let before = self.current();
        if before.as_ref().map(|before| before.id().number) != replaced {
            return Err(Box::new(policy));
        }
        let bake = |(settings, before): (&RollbackSettings, &Arc<Revision>)| {
            let baseline = history.baseline(settings.min_events);
            Bake::new(*settings, !before.breaker.is_closed(), baseline)
        };
        let bake = rollback.zip(before.as_ref()).map(bake);
        let record = Record::new(history.next_number(), &policy, by, timings);
        let revision = Arc::new(Revision::new(record, policy, bake));
        let why = format!("{} took over", revision.id());
        history.enter(&revision, before.map(|before| (before.id().number, why)));
        self.current.store(Some(revision.clone()));
        Ok(revision)
    }

    /// Rolls back from the revision numbered `from`, which must be the current one, to the kept revision whose digest
    /// begins with `to`, or else to the last good one.
    pub fn roll_back(&self, from: u64, to: Option<&str>, why: &str) -> Result<RolledBack, CannotRollBack> {
        let mut history = self.history();
        let current = self.current().ok_or(CannotRollBack::NoPolicy)?;
        if current.id().number != from {
            return Err(CannotRollBack::NotCurrent);
        }
        let target = history.roll_back(current.id(), to, why)?;
        target.accept();
        self.current.store(Some(target.clone()));
        Ok(RolledBack {
            from: current.id().clone(),
            to: target.id().clone(),
            why: why.to_owned(),
        })
    }

    /// Rolls back from the current revision.
    pub fn roll_back_current(&self, to: Option<&str>, why: &str) -> Result<RolledBack, CannotRollBack> {
        let current = self.current().ok_or(CannotRollBack::NoPolicy)?;
        self.roll_back(current.id().number, to, why)
    }

    /// When and why the policy of this digest was rolled back, if it was.
    pub fn denylisted(&self, digest: &str) -> Option<Retired> {
        self.history().denylisted(digest)
    }

    /// The last revisions, the newest first.
    pub fn list(&self) -> Vec<Listed> {
        self.history().list()
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
