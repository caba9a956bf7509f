//! What a policy said, counted: since it took over, and in the last minute.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use serde::Serialize;
use tidegate_engine::Decision;

use super::share::Share;

/// Seconds that are looked back at.
const RECENT: usize = 60;
/// How many times as many as are asked for are plenty.
const PLENTY: u64 = 10;

/// One judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// The event goes on.
    Forward,
    /// It goes nowhere.
    Drop,
    /// It is not valid.
    Reject,
    /// There was no decision.
    Fault,
}

/// How many judgements there were of what producers sent, by kind. What is tried again or brought back is not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Events that went on.
    pub forward: u64,
    /// Events that went nowhere.
    pub drop: u64,
    /// Events that were not valid.
    pub reject: u64,
    /// Events on which there was no decision.
    pub fault: u64,
}

/// Counts judgements.
#[derive(Debug)]
pub struct Tally(Mutex<State>);

#[derive(Debug)]
struct State {
    since: Instant,
    total: Counts,
    /// One for each second, by the second modulo their number.
    seconds: [(u64, Counts); RECENT],
}

impl Default for Tally {
    fn default() -> Self {
        Self(Mutex::new(State {
            since: Instant::now(),
            total: Counts::default(),
            seconds: [(0, Counts::default()); RECENT],
        }))
    }
}

impl Tally {
    pub(super) fn add(&self, judged: Counted) {
        self.with(|state| {
            let now = state.since.elapsed().as_secs();
            state.total.add(judged);
            let place = usize::try_from(now).unwrap_or(usize::MAX) % RECENT;
            let (second, counts) = &mut state.seconds[place];
            if *second != now {
                (*second, *counts) = (now, Counts::default());
            }
            counts.add(judged);
        });
    }

    /// All of them.
    pub fn counts(&self) -> Counts {
        self.with(|state| state.total)
    }

    /// Those of the last minute when they are plenty, or else all of them when they are at least so many.
    pub(super) fn of_at_least(&self, judged: u64) -> Option<Counts> {
        let (recent, all) = (self.recent(), self.counts());
        if recent.all() >= judged.saturating_mul(PLENTY) {
            return Some(recent);
        }
        (all.all() >= judged).then_some(all)
    }

    fn recent(&self) -> Counts {
        self.with(|state| {
            let now = state.since.elapsed().as_secs();
            let recent = state.seconds.iter().filter(|(second, _)| now - second < RECENT as u64);
            recent.fold(Counts::default(), |sum, (_, counts)| sum.plus(counts))
        })
    }

    fn with<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Counts {
    /// All judgements together.
    pub const fn all(&self) -> u64 {
        self.forward + self.drop + self.reject + self.fault
    }

    /// Share of the faults in all of them.
    pub(super) const fn fault_share(&self) -> Share {
        Share::new(self.fault, self.all())
    }

    /// Share of the rejected events in those that were judged.
    pub(super) const fn reject_share(&self) -> Share {
        Share::new(self.reject, self.all() - self.fault)
    }

    fn add(&mut self, judged: Counted) {
        *match judged {
            Counted::Forward => &mut self.forward,
            Counted::Drop => &mut self.drop,
            Counted::Reject => &mut self.reject,
            Counted::Fault => &mut self.fault,
        } += 1;
    }

    const fn plus(self, other: &Self) -> Self {
        Self {
            forward: self.forward + other.forward,
            drop: self.drop + other.drop,
            reject: self.reject + other.reject,
            fault: self.fault + other.fault,
        }
    }
}

impl From<Decision> for Counted {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Forward => Self::Forward,
            Decision::Drop => Self::Drop,
            Decision::Reject => Self::Reject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counted, Counts, Tally};

    #[test]
    fn what_is_counted_is_recent_at_first() {
        let tally = Tally::default();
        for judged in [
            Counted::Forward,
            Counted::Forward,
            Counted::Drop,
            Counted::Reject,
            Counted::Fault,
        ] {
            tally.add(judged);
        }
        let counts = Counts {
            forward: 2,
            drop: 1,
            reject: 1,
            fault: 1,
        };
        assert_eq!((tally.counts(), tally.recent()), (counts, counts));
        assert!(
            (counts.fault_share().counted() - 0.2).abs() < 1e-9
                && (counts.reject_share().counted() - 0.25).abs() < 1e-9
        );
    }
}
