//! The bake period of a new revision: one that faults, or rejects far more than those before it, is rolled back.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::Counts;

/// A share of rejected events below which a jump says nothing: one in fifty.
const FEW_REJECTS: f64 = 0.02;
/// The share of rejected events that is too large when it is not known what is usual.
const MOST_REJECTS: f64 = 0.5;

/// When the gate rolls back by itself.
#[derive(Debug, Clone, Copy)]
pub struct RollbackSettings {
    /// The shortest bake period.
    pub window: Duration,
    /// Decisions before a share says anything.
    pub min_events: u64,
    /// Share of events on which a policy may fault; 0 to 1.
    pub fault_ratio: f64,
    /// How many times as large the share of rejected events may be as before; at least 1.
    pub reject_jump: f64,
}

/// The bake period of a new revision.
#[derive(Debug)]
pub(super) struct Bake {
    rule: RollbackSettings,
    since: Instant,
    over: AtomicBool,
    before: Before,
}

/// How the policies before did.
#[derive(Debug, Clone, Copy)]
struct Before {
    was_open: bool,
    /// `None`: none has judged enough events.
    said: Option<Counts>,
}

/// Why a new policy is left again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RollbackReason {
    /// It faults on most events.
    CircuitOpen,
    /// It faults on too many.
    Faults {
        /// Share of the events.
        share: f64,
        /// The largest that is allowed.
        limit: f64,
        /// Events that it has judged.
        judged: u64,
    },
    /// It rejects far more than those before.
    Rejects {
        /// Share of the events.
        share: f64,
        /// That of the last one before it that has judged enough; `None`: there is none.
        before: Option<f64>,
        /// Events that it has judged.
        judged: u64,
    },
}

impl Bake {
    /// `was_open`: the policy that would be gone back to faulted on most events. `said`: by the policies before.
    pub(super) fn new(rule: RollbackSettings, was_open: bool, said: Option<Counts>) -> Self {
        Self {
            rule,
            since: Instant::now(),
            over: AtomicBool::new(false),
            before: Before { was_open, said },
        }
    }

    /// What is wrong with a policy that said `counts`, unless that may be chance.
    pub(super) fn rollback_reason(&self, counts: Counts, is_open: bool) -> Option<RollbackReason> {
        if self.over.load(Ordering::Relaxed) {
            return None;
        }
        // Going back to a policy that did no better mends nothing.
        if is_open && !self.before.was_open {
            return Some(RollbackReason::CircuitOpen);
        }
        let judged = counts.all();
        if judged < self.rule.min_events {
            return None;
        }
        let (faults, most_faults) = (counts.fault_share(), self.most_faults());
        if faults.at_least() > most_faults {
            return Some(RollbackReason::Faults {
                share: faults.counted(),
                limit: self.rule.fault_ratio,
                judged,
            });
        }
        let (rejects, most_rejects) = (counts.reject_share(), self.most_rejects());
        if rejects.at_least() > most_rejects {
            return Some(RollbackReason::Rejects {
                share: rejects.counted(),
                before: self.before.said.map(|said| said.reject_share().counted()),
                judged,
            });
        }
        let looks_well = faults.counted() <= most_faults && rejects.counted() <= most_rejects;
        if looks_well && self.since.elapsed() >= self.rule.window {
            self.end();
        }
        None
    }

    /// The largest share of events on which it may fault.
    fn most_faults(&self) -> f64 {
        let before = self.before.said.map(|said| said.fault_share().at_most());
        before.map_or(self.rule.fault_ratio, |before| before.max(self.rule.fault_ratio))
    }

    /// The largest share of events that it may reject: so many times as many as before, or, where most were rejected
    /// before, so many that the accepted ones are so many times fewer.
    fn most_rejects(&self) -> f64 {
        let jump = self.rule.reject_jump;
        self.before.said.map_or(MOST_REJECTS, |said| {
            let before = said.reject_share().at_most().max(FEW_REJECTS);
            (before * jump).min(1.0 - (1.0 - before) / jump)
        })
    }

    /// From now on there is nothing wrong with it.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

impl fmt::Display for RollbackReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| share * 100.0;
        match self {
            Self::CircuitOpen => f.write_str("the policy faults on most events"),
            Self::Faults { share, limit, judged } => write!(
                f,
                "the policy faulted on {:.1} % of {judged} events, and {:.1} % are allowed",
                percent(*share),
                percent(*limit)
            ),
            Self::Rejects { share, before, judged } => {
                write!(
                    f,
                    "the policy rejected {:.1} % of {judged} events, and ",
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
    use std::{
        sync::atomic::AtomicBool,
        time::{Duration, Instant},
    };

    use super::{Bake, Before, Counts, RollbackSettings};

    fn bake(said: Option<Counts>, window: Duration) -> Bake {
        Bake {
            rule: RollbackSettings {
                window,
                min_events: 100,
                fault_ratio: 0.1,
                reject_jump: 3.0,
            },
            since: Instant::now(),
            over: AtomicBool::new(false),
            before: Before { was_open: false, said },
        }
    }

    fn counts(forward: u64, reject: u64, fault: u64) -> Counts {
        Counts {
            forward,
            drop: 0,
            reject,
            fault,
        }
    }

    /// What is said of a policy that is not tripped, after what was said before it.
    #[track_caller]
    fn is_said(before: Option<Counts>, now: Counts, expected: &str) {
        let rollback_reason = bake(before, Duration::from_mins(1)).rollback_reason(now, false);
        assert_eq!(
            rollback_reason.map_or(String::new(), |rollback_reason| rollback_reason.to_string()),
            expected
        );
    }

    const SPOTLESS: Option<Counts> = Some(Counts {
        forward: 10_000,
        drop: 0,
        reject: 0,
        fault: 0,
    });

    #[test]
    fn a_policy_that_faults_on_most_events_is_left_at_once() {
        let rollback_reason = bake(SPOTLESS, Duration::from_mins(1)).rollback_reason(counts(0, 0, 8), true);
        let said = rollback_reason.expect("it is left").to_string();
        assert_eq!(said, "the policy faults on most events");
        is_said(SPOTLESS, counts(99, 0, 0), "");
    }

    #[test]
    fn a_policy_that_faults_more_than_is_allowed_is_left() {
        is_said(SPOTLESS, counts(90, 0, 10), "");
        // So many may be chance.
        is_said(SPOTLESS, counts(85, 0, 15), "");
        is_said(
            SPOTLESS,
            counts(75, 0, 25),
            "the policy faulted on 25.0 % of 100 events, and 10.0 % are allowed",
        );
        is_said(
            SPOTLESS,
            counts(8_800, 0, 1_200),
            "the policy faulted on 12.0 % of 10000 events, and 10.0 % are allowed",
        );
        // The one before did no better.
        is_said(Some(counts(800, 0, 200)), counts(75, 0, 25), "");
    }

    #[test]
    fn a_policy_that_rejects_far_more_than_before_is_left() {
        is_said(SPOTLESS, counts(94, 6, 0), "");
        // So many may be chance.
        is_said(SPOTLESS, counts(88, 12, 0), "");
        is_said(
            SPOTLESS,
            counts(80, 20, 0),
            "the policy rejected 20.0 % of 100 events, and 0.0 % were rejected before it",
        );
        is_said(
            SPOTLESS,
            counts(9_300, 700, 0),
            "the policy rejected 7.0 % of 10000 events, and 0.0 % were rejected before it",
        );
        // Chance may have shown too few before.
        is_said(Some(counts(98, 2, 0)), counts(80, 20, 0), "");
        is_said(
            Some(counts(9_800, 200, 0)),
            counts(80, 20, 0),
            "the policy rejected 20.0 % of 100 events, and 2.0 % were rejected before it",
        );
    }

    #[test]
    fn where_many_were_rejected_a_policy_is_left_that_accepts_far_less() {
        let before = Some(counts(6_000, 4_000, 0));
        is_said(before, counts(4_000, 6_000, 0), "");
        is_said(
            before,
            counts(0, 100, 0),
            "the policy rejected 100.0 % of 100 events, and 40.0 % were rejected before it",
        );
        is_said(Some(counts(0, 100, 0)), counts(0, 100, 0), "");
    }

    #[test]
    fn where_nothing_is_known_a_policy_is_left_that_rejects_most() {
        is_said(None, counts(40, 60, 0), "");
        is_said(
            None,
            counts(30, 70, 0),
            "the policy rejected 70.0 % of 100 events, and none before it has judged as many: 50.0 % are allowed then",
        );
    }

    #[test]
    fn a_policy_that_did_well_for_the_window_is_watched_no_longer() {
        let bake = bake(SPOTLESS, Duration::ZERO);
        assert_eq!(bake.rollback_reason(counts(99, 0, 0), false), None);
        assert!(
            bake.rollback_reason(counts(50, 0, 50), false).is_some(),
            "too few had been judged"
        );
        assert_eq!(bake.rollback_reason(counts(85, 0, 15), false), None);
        assert!(
            bake.rollback_reason(counts(850, 0, 150), false).is_some(),
            "it did not look well"
        );
        assert_eq!(bake.rollback_reason(counts(100, 0, 0), false), None);
        assert_eq!(bake.rollback_reason(counts(0, 0, 1000), true), None);
    }
}
