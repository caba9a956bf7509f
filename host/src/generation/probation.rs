//! A policy that has just taken over is watched: one that faults, or rejects far more than those before, is left again.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use super::{Counts, share::Share};
use crate::config::Rollback;

/// A share of rejected events below which a jump says nothing: one in fifty.
const FEW_REJECTS: f64 = 0.02;
/// The share of rejected events that is too large when it is not known what is usual.
const MOST_REJECTS: f64 = 0.5;

/// How a new policy is watched.
#[derive(Debug)]
pub(super) struct Probation {
    rule: Rollback,
    since: Instant,
    over: AtomicBool,
    before: Before,
}

/// How the policies before did.
#[derive(Debug, Clone, Copy)]
struct Before {
    was_sick: bool,
    faults: f64,
    /// `None`: none has judged enough events.
    rejects: Option<Share>,
}

/// Why a new policy is left again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trouble {
    /// It faults on most events.
    Sick,
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

impl Probation {
    /// `was_sick`: the policy that would be gone back to faulted on most events. `usual`: what was said before.
    pub(super) fn new(rule: Rollback, was_sick: bool, usual: Option<Counts>) -> Self {
        Self {
            rule,
            since: Instant::now(),
            over: AtomicBool::new(false),
            before: Before {
                was_sick,
                faults: usual.map_or(0.0, |counts| counts.fault_share().counted()),
                rejects: usual.map(|counts| counts.reject_share()),
            },
        }
    }

    /// What is wrong with a policy that said `counts`.
    pub(super) fn trouble(&self, counts: Counts, is_sick: bool) -> Option<Trouble> {
        if self.over.load(Ordering::Relaxed) {
            return None;
        }
        // Going back to a policy that did no better mends nothing.
        if is_sick && !self.before.was_sick {
            return Some(Trouble::Sick);
        }
        let judged = counts.all();
        if judged < self.rule.min_events {
            return None;
        }
        let (share, limit) = (counts.fault_share().counted(), self.rule.fault_ratio);
        if share > limit && share > self.before.faults {
            return Some(Trouble::Faults { share, limit, judged });
        }
        let (share, before) = (counts.reject_share(), self.before.rejects);
        let allowed = |before: Share| before.at_most().max(FEW_REJECTS) * self.rule.reject_jump;
        if share.at_least() > before.map_or(MOST_REJECTS, allowed) {
            return Some(Trouble::Rejects {
                share: share.counted(),
                before: before.map(Share::counted),
                judged,
            });
        }
        if self.since.elapsed() >= self.rule.window {
            self.end();
        }
        None
    }

    /// From now on there is nothing wrong with it.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| share * 100.0;
        match self {
            Self::Sick => f.write_str("the policy faults on most events"),
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

    use super::{Before, Counts, Probation, Share};
    use crate::config::Rollback;

    fn probation(rejects: Option<Share>, faults: f64, window: Duration) -> Probation {
        Probation {
            rule: Rollback {
                window,
                min_events: 100,
                fault_ratio: 0.1,
                reject_jump: 3.0,
            },
            since: Instant::now(),
            over: AtomicBool::new(false),
            before: Before {
                was_sick: false,
                faults,
                rejects,
            },
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

    #[test]
    fn a_policy_is_left_for_what_is_worse_than_before_and_nothing_else() {
        let none = Some(Share::new(0, 10_000));
        let cases = [
            (none, 0.0, counts(99, 0, 0), false, "", "too few to say"),
            (
                none,
                0.0,
                counts(0, 0, 8),
                true,
                "the policy faults on most events",
                "sick",
            ),
            (none, 0.0, counts(90, 0, 10), false, "", "at the limit"),
            (
                none,
                0.0,
                counts(89, 0, 11),
                false,
                "the policy faulted on 11.0 % of 100 events, and 10.0 % are allowed",
                "over it",
            ),
            (none, 0.2, counts(85, 0, 15), false, "", "the one before did no better"),
            (none, 0.0, counts(94, 6, 0), false, "", "a few rejects are no jump"),
            (none, 0.0, counts(93, 7, 0), false, "", "so many may be chance"),
            (
                none,
                0.0,
                counts(930, 70, 0),
                false,
                "",
                "and seven in a hundred of a thousand",
            ),
            (
                none,
                0.0,
                counts(88, 12, 0),
                false,
                "the policy rejected 12.0 % of 100 events, and 0.0 % were rejected before it",
                "a jump",
            ),
            (
                none,
                0.0,
                counts(9_300, 700, 0),
                false,
                "the policy rejected 7.0 % of 10000 events, and 0.0 % were rejected before it",
                "a smaller one, of many events",
            ),
            (
                Some(Share::new(2, 100)),
                0.0,
                counts(88, 12, 0),
                false,
                "",
                "it may be chance that there were few before",
            ),
            (
                Some(Share::new(200, 10_000)),
                0.0,
                counts(88, 12, 0),
                false,
                "the policy rejected 12.0 % of 100 events, and 2.0 % were rejected before it",
                "of many events it is not",
            ),
            (
                Some(Share::new(3_000, 10_000)),
                0.0,
                counts(20, 80, 0),
                false,
                "",
                "less than three times as many",
            ),
            (
                None,
                0.0,
                counts(50, 50, 0),
                false,
                "",
                "nothing to compare with, and not most",
            ),
            (
                None,
                0.0,
                counts(40, 60, 0),
                false,
                "the policy rejected 60.0 % of 100 events, and none before it has judged as many: 50.0 % are allowed then",
                "nothing to compare with, and most",
            ),
        ];
        for (rejects, faults, counts, sick, says, case) in cases {
            let trouble = probation(rejects, faults, Duration::from_mins(1)).trouble(counts, sick);
            let said = trouble.map_or(String::new(), |trouble| trouble.to_string());
            assert_eq!(said, says, "{case}");
        }
    }

    #[test]
    fn a_policy_that_did_well_for_the_window_is_watched_no_longer() {
        let probation = probation(Some(Share::new(0, 100)), 0.0, Duration::ZERO);
        assert_eq!(probation.trouble(counts(99, 0, 0), false), None);
        assert!(
            probation.trouble(counts(50, 0, 50), false).is_some(),
            "too few had been judged"
        );
        assert_eq!(probation.trouble(counts(100, 0, 0), false), None);
        assert_eq!(probation.trouble(counts(0, 0, 1000), true), None);
    }
}
