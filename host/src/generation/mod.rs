//! The policy in force. A revision is one loaded policy with its number; deliveries hold the one they began with, and
//! the policies before it are kept for a while, so that going back to one takes no time.
//!
//! Knows nothing of files: what is loaded comes from [`crate::reload`].

mod book;
mod bake;
mod record;
mod share;
mod tally;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use tidegate_engine::Policy;

use crate::{config::Rollback, circuit_breaker::CircuitBreaker};
use book::Book;
pub use book::{CannotRollBack, Left, Listed, RolledBack, Standing};
use bake::Bake;
pub use bake::RollbackReason;
pub use record::{By, Label, Record, Took};
pub use tally::{Counts, Judged, Tally};

/// One loaded policy.
#[derive(Debug)]
pub struct Revision {
    /// What is known of it, also when its policy is gone.
    pub record: Arc<Record>,
    /// The policy.
    pub policy: Policy,
    /// How it does.
    pub health: CircuitBreaker,
    bake: Option<Bake>,
}

/// Holds the current revision, or none while no good policy was loaded, and those before it.
#[derive(Debug, Default)]
pub struct Revisions {
    current: ArcSwapOption<Revision>,
    book: Mutex<Book>,
}

impl Revision {
    /// Its number and digest.
    pub fn label(&self) -> &Label {
        &self.record.label
    }

    /// Counts a judgement, and says when there is reason to go back to the policy before.
    pub fn count(&self, judged: Judged) -> Option<RollbackReason> {
        self.record.tally.add(judged);
        self.bake
            .as_ref()?
            .trouble(self.record.tally.counts(), self.health.is_sick())
    }
}

impl Revision {
    /// It is watched no longer: it was chosen, or there is none to go back to.
    pub(crate) fn accept(&self) {
        if let Some(bake) = &self.bake {
            bake.end();
        }
    }
}

impl Revisions {
    /// The revision that judges from now on. ScheduledRetry it for the whole of a delivery.
    pub fn current(&self) -> Option<Arc<Revision>> {
        self.current.load_full()
    }

    /// Puts a policy in force over the revision `over`, or gives it back when that is not the current one. With
    /// `rollback` it is watched, and compared with those before it.
    pub fn install(
        &self,
        policy: Policy,
        over: Option<u64>,
        by: By,
        took: Took,
        rollback: Option<&Rollback>,
    ) -> Result<Arc<Revision>, Box<Policy>> {
        let mut book = self.book();
        let before = self.current();
        if before.as_ref().map(|before| before.label().number) != over {
            return Err(Box::new(policy));
        }
        let watched = |(rule, before): (&Rollback, &Arc<Revision>)| {
            let usual = book.usual(rule.min_events);
            Bake::new(*rule, before.health.is_sick(), usual)
        };
        let bake = rollback.zip(before.as_ref()).map(watched);
        let revision = Arc::new(Revision {
            record: Arc::new(Record::new(book.next_number(), &policy, by, took)),
            policy,
            health: CircuitBreaker::default(),
            bake,
        });
        let why = format!("revision {} took over", revision.label().number);
        book.enter(&revision, before.map(|before| (before.label().number, why)));
        self.current.store(Some(revision.clone()));
        Ok(revision)
    }

    /// Goes back from the revision `from`, which must be the current one, to `to`, or to the last good one before it.
    /// Deliveries that it has begun are finished by it.
    pub fn roll_back(&self, from: u64, to: Option<u64>, why: &str) -> Result<RolledBack, CannotRollBack> {
        let mut book = self.book();
        let current = self.current().ok_or(CannotRollBack::NoPolicy)?;
        if current.label().number != from {
            return Err(CannotRollBack::NotCurrent { from });
        }
        let target = book.go_back(from, to, why)?;
        target.accept();
        self.current.store(Some(target.clone()));
        Ok(RolledBack {
            from: current.label().clone(),
            to: target.label().clone(),
            why: why.to_owned(),
        })
    }

    /// The same from whichever revision is the current one.
    pub fn roll_back_current(&self, to: Option<u64>, why: &str) -> Result<RolledBack, CannotRollBack> {
        let current = self.current().ok_or(CannotRollBack::NoPolicy)?;
        self.roll_back(current.label().number, to, why)
    }

    /// Why the policy of this digest was left, when the gate went back from it.
    pub fn denylisted(&self, digest: &str) -> Option<Left> {
        self.book().denylisted(digest)
    }

    /// The last revisions, the newest first.
    pub fn list(&self) -> Vec<Listed> {
        self.book().list()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
