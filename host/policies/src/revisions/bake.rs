//! The bake period of a new revision: one that faults, or rejects far more than the baseline, is rolled back. Knows no
//! policy and no rollback, only counts.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::Counts;

/// The least share of rejected events that the baseline is taken for: one in fifty.
const FEW_REJECTS: f64 = 0.02;
/// The largest share of rejected events when there is no baseline.
const MOST_REJECTS: f64 = 0.5;

/// When the gate rolls back automatically.
#[derive(Debug, Clone, Copy)]
pub struct RollbackSettings {
    /// The shortest bake period.
    pub window: Duration,
    /// Fewest decisions that make a share significant.
    pub min_events: u64,
    /// Largest share of events on which a policy may fault; 0 to 1.
    pub fault_ratio: f64,
    /// Largest share of rejected events, as a multiple of the baseline's; at least 1.
    pub reject_jump: f64,
}

/// The bake period of a new revision.
#[derive(Debug)]
pub(super) struct Bake {
    settings: RollbackSettings,
    since: Instant,
    is_over: AtomicBool,
    baseline: Baseline,
}

/// What a new revision is compared with.
#[derive(Debug, Clone, Copy)]
struct Baseline {
    /// Whether the circuit breaker of the previous revision was not closed.
    was_open: bool,
    /// Of the last good revision with enough decisions; `None`: there is none.
    counts: Option<Counts>,
}

/// Why a new revision is rolled back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RollbackReason {
    /// It faults on most events.
    CircuitOpen,
    /// It faults on too many events.
    Faults {
        /// Share of the events.
        share: f64,
        /// The largest share that is allowed.
        limit: f64,
        /// Number of events.
        events: u64,
    },
    /// It rejects far more events than the baseline.
    Rejects {
        /// Share of the events.
        share: f64,
        /// The baseline's share; `None`: there is no baseline.
        before: Option<f64>,
        /// Number of events.
        events: u64,
    },
}

impl Bake {
    /// `was_open`: the circuit breaker of the previous revision is not closed. `baseline`: counts of the last good revision.
    pub(super) fn new(settings: RollbackSettings, was_open: bool, baseline: Option<Counts>) -> Self {
        Self {
            settings,
            since: Instant::now(),
            is_over: AtomicBool::new(false),
            baseline: Baseline {
                was_open,
                counts: baseline,
            },
        }
    }

    /// The reason for a rollback in these counts, if one is statistically significant. Ends the bake period when there is none
    /// and its time is over.
    pub(super) fn rollback_reason(&self, counts: Counts, is_open: bool) -> Option<RollbackReason> {
        if self.is_over.load(Ordering::Relaxed) {
            return None;
        }
        // A rollback to a policy that is no better corrects nothing.
        if is_open && !self.baseline.was_open {
            return Some(RollbackReason::CircuitOpen);
        }
        let events = counts.all();
        if events < self.settings.min_events {
            return None;
        }
        let (faults, most_faults) = (counts.fault_share(), self.most_faults());
        if faults.lower_bound() > most_faults {
            return Some(RollbackReason::Faults {
                share: faults.observed(),
                limit: self.settings.fault_ratio,
                events,
            });
        }
        let (rejects, most_rejects) = (counts.reject_share(), self.most_rejects());
        if rejects.lower_bound() > most_rejects {
            return Some(RollbackReason::Rejects {
                share: rejects.observed(),
                before: self.baseline.counts.map(|before| before.reject_share().observed()),
                events,
            });
        }
        let is_within_limits = faults.observed() <= most_faults && rejects.observed() <= most_rejects;
        if is_within_limits && self.since.elapsed() >= self.settings.window {
            self.end();
        }
        None
    }

    /// The largest share of events on which it may fault.
    fn most_faults(&self) -> f64 {
        let limit = self.settings.fault_ratio;
        let before = self.baseline.counts.map(|before| before.fault_share().upper_bound());
        before.map_or(limit, |before| before.max(limit))
    }

    /// The largest share of events that it may reject: `reject_jump` times the baseline's, or, where the baseline rejects
    /// most, a share that leaves `1 / reject_jump` of the accepted events.
    fn most_rejects(&self) -> f64 {
        let jump = self.settings.reject_jump;
        self.baseline.counts.map_or(MOST_REJECTS, |before| {
            let before = before.reject_share().upper_bound().max(FEW_REJECTS);
            (before * jump).min(1.0 - (1.0 - before) / jump)
        })
    }

    /// Ends the bake period: there will be no reason for a rollback.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl fmt::Display for RollbackReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| share * 100.0;
        match self {
            Self::CircuitOpen => f.write_str("the policy faults on most events"),
            Self::Faults { share, limit, events } => write!(
                f,
                "the policy faulted on {:.1} % of {events} events, and {:.1} % are allowed",
                percent(*share),
                percent(*limit)
            ),
            Self::Rejects { share, before, events } => {
                write!(
                    f,
                    "the policy rejected {:.1} % of {events} events, and ",
                    percent(*share)
                )?;
                match before {
                    Some(before) => write!(f, "{:.1} % were rejected before it", percent(*before)),
                    None => write!(
                        f,
                        "none before it has judged as many: {:.1} % are allowed then",
                        percent(MOST_REJECTS)
                    ),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Bake, Counts, RollbackSettings};

    fn bake(baseline: Option<Counts>, window: Duration) -> Bake {
        let settings = RollbackSettings {
            window,
            min_events: 100,
            fault_ratio: 0.1,
            reject_jump: 3.0,
        };
        Bake::new(settings, false, baseline)
    }

    fn counts(forward: u64, reject: u64, fault: u64) -> Counts {
        Counts {
            forward,
            drop: 0,
            reject,
            fault,
        }
    }

    /// Checks the reason for a rollback from `counts`, with a closed circuit breaker.
    #[track_caller]
    fn assert_reason(baseline: Option<Counts>, counts: Counts, expected: &str) {
        let reason = bake(baseline, Duration::from_mins(1)).rollback_reason(counts, false);
        assert_eq!(reason.map_or(String::new(), |reason| reason.to_string()), expected);
    }

    const SPOTLESS: Option<Counts> = Some(Counts {
        forward: 10_000,
        drop: 0,
        reject: 0,
        fault: 0,
    });

    #[test]
    fn a_policy_that_faults_on_most_events_is_rolled_back_at_once() {
        let reason = bake(SPOTLESS, Duration::from_mins(1)).rollback_reason(counts(0, 0, 8), true);
        let reason = reason.expect("a reason").to_string();
        assert_eq!(reason, "the policy faults on most events");
        assert_reason(SPOTLESS, counts(99, 0, 0), "");
    }

    #[test]
    fn a_policy_that_faults_more_than_is_allowed_is_rolled_back() {
        assert_reason(SPOTLESS, counts(90, 0, 10), "");
        // Not significant.
        assert_reason(SPOTLESS, counts(85, 0, 15), "");
        assert_reason(
            SPOTLESS,
            counts(75, 0, 25),
            "the policy faulted on 25.0 % of 100 events, and 10.0 % are allowed",
        );
        assert_reason(
            SPOTLESS,
            counts(8_800, 0, 1_200),
            "the policy faulted on 12.0 % of 10000 events, and 10.0 % are allowed",
        );
        // The baseline is no better.
        assert_reason(Some(counts(800, 0, 200)), counts(75, 0, 25), "");
    }

    #[test]
    fn a_policy_that_rejects_far_more_than_before_is_rolled_back() {
        assert_reason(SPOTLESS, counts(94, 6, 0), "");
        // Not significant.
        assert_reason(SPOTLESS, counts(88, 12, 0), "");
        assert_reason(
            SPOTLESS,
            counts(80, 20, 0),
            "the policy rejected 20.0 % of 100 events, and 0.0 % were rejected before it",
        );
        assert_reason(
            SPOTLESS,
            counts(9_300, 700, 0),
            "the policy rejected 7.0 % of 10000 events, and 0.0 % were rejected before it",
        );
        // The baseline is too small to be significant.
        assert_reason(Some(counts(98, 2, 0)), counts(80, 20, 0), "");
        assert_reason(
            Some(counts(9_800, 200, 0)),
            counts(80, 20, 0),
            "the policy rejected 20.0 % of 100 events, and 2.0 % were rejected before it",
        );
    }

    #[test]
    fn where_many_were_rejected_a_policy_that_accepts_far_less_is_rolled_back() {
        let before = Some(counts(6_000, 4_000, 0));
        assert_reason(before, counts(4_000, 6_000, 0), "");
        assert_reason(
            before,
            counts(0, 100, 0),
            "the policy rejected 100.0 % of 100 events, and 40.0 % were rejected before it",
        );
        assert_reason(Some(counts(0, 100, 0)), counts(0, 100, 0), "");
    }

    #[test]
    fn without_a_baseline_a_policy_that_rejects_most_is_rolled_back() {
        assert_reason(None, counts(40, 60, 0), "");
        assert_reason(
            None,
            counts(30, 70, 0),
            "the policy rejected 70.0 % of 100 events, and none before it has judged as many: 50.0 % are allowed then",
        );
    }

    #[test]
    fn the_bake_period_ends_after_the_window_when_the_shares_are_within_limits() {
        let bake = bake(SPOTLESS, Duration::ZERO);
        assert_eq!(bake.rollback_reason(counts(99, 0, 0), false), None);
        assert!(
            bake.rollback_reason(counts(50, 0, 50), false).is_some(),
            "there were too few events to end it"
        );
        assert_eq!(bake.rollback_reason(counts(85, 0, 15), false), None);
        assert!(
            bake.rollback_reason(counts(850, 0, 150), false).is_some(),
            "the share of faults was not within limits"
        );
        assert_eq!(bake.rollback_reason(counts(100, 0, 0), false), None);
        assert_eq!(bake.rollback_reason(counts(0, 0, 1000), true), None);
    }
}
