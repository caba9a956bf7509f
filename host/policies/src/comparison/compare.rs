//! Compares the answers of two policies for one event: decisions, violations by code and path, and outputs. Reasons and
//! messages are for people and not compared. Knows nothing of how changes are counted.

use std::collections::BTreeSet;

use tidegate_engine::{Decision, Violation};

use super::{
    answer::Answer,
    change::{Change, Detail, ViolationSummary, cut},
    outputs,
};
use crate::decision::Usable;

/// Violations that are kept of one answer.
const VIOLATIONS: usize = 8;

/// The differences between two answers, the live one and the shadow policy's, each of its own kind.
pub fn compare(live: &Answer, shadow: &Answer, show_values: bool) -> Vec<Change> {
    match (live, shadow) {
        (Answer::Decided(live), Answer::Decided(shadow)) if live.decision == shadow.decision => match live.decision {
            Decision::Drop if live.rule == shadow.rule => Vec::new(),
            Decision::Drop => vec![of_kind("dropped for another reason")],
            Decision::Reject => rejections(live, shadow),
            Decision::Forward => {
                let own_type = live.event_type.as_deref();
                let mut changes = outputs::compare(own_type, &live.outputs, &shadow.outputs, show_values);
                if live.claim != shadow.claim {
                    changes.push(of_kind("claimed by another name"));
                }
                changes
            }
        },
        (Answer::Fault(one), Answer::Fault(other)) if one == other => Vec::new(),
        _ => vec![Change {
            kind: format!("{} → {}", word(live), word(shadow)),
            detail: Detail {
                live_violations: summaries(live.decided()),
                shadow_violations: summaries(shadow.decided()),
                ..Detail::default()
            },
        }],
    }
}

fn of_kind(kind: &str) -> Change {
    Change {
        kind: kind.to_owned(),
        detail: Detail::default(),
    }
}

fn word(answer: &Answer) -> String {
    match answer {
        Answer::Decided(decided) => decided.decision.as_str().to_owned(),
        Answer::Fault(kind) => format!("fault ({kind})"),
    }
}

fn rejections(live: &Usable, shadow: &Usable) -> Vec<Change> {
    fn all(decision: &Usable) -> BTreeSet<(&str, &str)> {
        let violations = decision.violations.iter();
        violations
            .map(|violation| (&*violation.code, &*violation.path))
            .collect()
    }
    if all(live) == all(shadow) {
        return Vec::new();
    }
    vec![Change {
        kind: "rejected for other reasons".to_owned(),
        detail: Detail {
            live_violations: summaries(Some(live)),
            shadow_violations: summaries(Some(shadow)),
            ..Detail::default()
        },
    }]
}

fn summaries(decision: Option<&Usable>) -> Vec<ViolationSummary> {
    let violations = decision.map_or(&[][..], |decision| &decision.violations);
    let summary = |violation: &Violation| ViolationSummary {
        code: cut(&violation.code),
        path: cut(&violation.path),
    };
    violations.iter().take(VIOLATIONS).map(summary).collect()
}

#[cfg(test)]
mod tests {
    use tidegate_engine::{Decision, Violation};

    use super::{Answer, Usable, compare};

    fn answer(decision: Decision, violations: &[(&str, &str, &str)]) -> Answer {
        let violations = violations.iter().map(|(code, path, message)| Violation {
            code: (*code).to_owned(),
            path: (*path).to_owned(),
            message: (*message).to_owned(),
            rule: None,
            version: None,
        });
        Answer::Decided(Box::new(Usable {
            decision,
            reason: String::new(),
            event_id: None,
            event_type: None,
            event_version: None,
            rule: None,
            claim: None,
            key: None,
            violations: violations.collect(),
            outputs: Vec::new(),
        }))
    }

    fn kinds(live: &Answer, shadow: &Answer) -> Vec<String> {
        compare(live, shadow, false)
            .into_iter()
            .map(|change| change.kind)
            .collect()
    }

    #[test]
    fn another_decision_is_one_change_whatever_else_differs() {
        let rejected = answer(
            Decision::Reject,
            &[("type", "/task_id", "must be an integer, not \"9\"")],
        );
        let forwarded = answer(Decision::Forward, &[]);
        let changes = compare(&forwarded, &rejected, true);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].kind, "forward → reject");
        let detail = format!("{:?}", changes[0].detail);
        assert!(detail.contains("/task_id") && !detail.contains("\"9\""), "{detail}");
        assert_eq!(kinds(&rejected, &answer(Decision::Drop, &[])), ["reject → drop"]);
        assert_eq!(
            kinds(&forwarded, &Answer::Fault("deadline")),
            ["forward → fault (deadline)"]
        );
        assert_eq!(kinds(&Answer::Fault("trap"), &forwarded), ["fault (trap) → forward"]);
        assert_eq!(
            kinds(&Answer::Fault("trap"), &Answer::Fault("memory")),
            ["fault (trap) → fault (memory)"]
        );
    }

    #[test]
    fn other_messages_and_another_order_are_no_change() {
        let one = answer(
            Decision::Reject,
            &[("type", "/a", "must be a text"), ("required", "/b", "is missing")],
        );
        let other = answer(
            Decision::Reject,
            &[("required", "/b", "missing"), ("type", "/a", "no text")],
        );
        assert_eq!(kinds(&one, &other), [""; 0]);
        assert_eq!(kinds(&Answer::Fault("trap"), &Answer::Fault("trap")), [""; 0]);
        assert_eq!(
            kinds(&one, &answer(Decision::Reject, &[("type", "/a", "")])),
            ["rejected for other reasons"]
        );
    }
}
