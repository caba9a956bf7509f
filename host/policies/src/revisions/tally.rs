//! Counts the decisions and faults of a policy, since it took over and in the last minute. Knows nothing of what follows from
//! them.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use serde::Serialize;
use tidegate_engine::Decision;

use super::share::Share;

/// Seconds that count as recent.
const RECENT: usize = 60;
/// The recent counts are used when they are as many times the requested minimum.
const PLENTY: u64 = 10;

/// The result of a policy call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallResult {
    /// The decision to forward the event.
    Forward,
    /// The decision to drop it.
    Drop,
    /// The decision to reject it.
    Reject,
    /// A fault.
    Fault,
}

/// Number of events by result. Retries and redrives are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Forwarded events.
    pub forward: u64,
    /// Dropped events.
    pub drop: u64,
    /// Rejected events.
    pub reject: u64,
    /// Events on which the policy faulted.
    pub fault: u64,
}

/// Counts results.
#[derive(Debug)]
pub struct Tally(Mutex<State>);

#[derive(Debug)]
struct State {
    since: Instant,
    total: Counts,
    /// Counts of each second, at the second modulo their number.
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
    pub(super) fn add(&self, result: CallResult) {
        self.with(|state| {
            let now = state.since.elapsed().as_secs();
            state.total.add(result);
            let slot = usize::try_from(now).unwrap_or(usize::MAX) % RECENT;
            let (second, counts) = &mut state.seconds[slot];
            if *second != now {
                (*second, *counts) = (now, Counts::default());
            }
            counts.add(result);
        });
    }

    /// The counts since the policy took over.
    pub fn counts(&self) -> Counts {
        self.with(|state| state.total)
    }

    /// The counts of the last minute when they are plenty, else all counts when they are at least `min_events`.
    pub(super) fn counts_of_at_least(&self, min_events: u64) -> Option<Counts> {
        let (recent, all) = (self.recent(), self.counts());
        if recent.all() >= min_events.saturating_mul(PLENTY) {
            return Some(recent);
        }
        (all.all() >= min_events).then_some(all)
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
    /// Number of all events.
    pub const fn all(&self) -> u64 {
        self.forward + self.drop + self.reject + self.fault
    }

    /// Share of faults in all events.
    pub(super) const fn fault_share(&self) -> Share {
        Share::new(self.fault, self.all())
    }

    /// Share of rejections in all decisions.
    pub(super) const fn reject_share(&self) -> Share {
        Share::new(self.reject, self.all() - self.fault)
    }

    fn add(&mut self, result: CallResult) {
        *match result {
            CallResult::Forward => &mut self.forward,
            CallResult::Drop => &mut self.drop,
            CallResult::Reject => &mut self.reject,
            CallResult::Fault => &mut self.fault,
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

impl From<Decision> for CallResult {
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
    use super::{CallResult, Counts, Tally};

    #[test]
    fn all_counts_are_recent_at_first() {
        let tally = Tally::default();
        for result in [
            CallResult::Forward,
            CallResult::Forward,
            CallResult::Drop,
            CallResult::Reject,
            CallResult::Fault,
        ] {
            tally.add(result);
        }
        let counts = Counts {
            forward: 2,
            drop: 1,
            reject: 1,
            fault: 1,
        };
        assert_eq!((tally.counts(), tally.recent()), (counts, counts));
        assert!(
            (counts.fault_share().observed() - 0.2).abs() < 1e-9
                && (counts.reject_share().observed() - 0.25).abs() < 1e-9
        );
    }
}
