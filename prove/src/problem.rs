//! What can be wrong with a migration or a rule, in words, and what to do about it. Knows no event but the one at fault.

use tidegate_policy::{Migration, Operation, Violation, Way, codes};

use crate::{
    law::{self, Difference, What},
    refusal::Refusal,
};

/// What is wrong.
#[derive(Debug, Clone)]
pub(crate) enum Problem {
    /// An operation refuses a valid event, and the author has not said so.
    Refused { way: Way, refusal: Refusal },
    /// The migrated event is not valid.
    Invalid { way: Way, violations: Vec<Violation> },
    /// The migrated event cannot come back.
    NoWayBack { way: Way, there: String, why: String },
    /// What came back is not what went.
    Differs {
        way: Way,
        there: String,
        back: String,
        difference: Difference,
    },
    /// The text that came back has white space, or cannot be read.
    NotCompact { way: Way },
    /// With attributes, the policy decides differently.
    Attributes { way: Way, difference: String, laid: String },
    /// A rule cannot be evaluated for an event of a version.
    Rule {
        version: String,
        violations: Vec<Violation>,
    },
}

impl Problem {
    /// What tells two problems apart: a smaller event shows the same one.
    pub(crate) fn key(&self) -> String {
        let codes = |violations: &[Violation]| -> Vec<String> {
            violations.iter().map(|found| found.code.clone()).take(1).collect()
        };
        match self {
            Self::Refused { way, refusal } => format!("refused {way:?} {:?} {:?}", refusal.operation, refusal.name()),
            Self::Invalid { way, violations } => format!("invalid {way:?} {:?}", codes(violations)),
            Self::NoWayBack { way, .. } => format!("no way back {way:?}"),
            Self::Differs { way, difference, .. } => format!("differs {way:?} {:?}", difference.what),
            Self::NotCompact { way } => format!("not compact {way:?}"),
            Self::Attributes { way, .. } => format!("attributes {way:?}"),
            Self::Rule { violations, .. } => format!("rule {:?}", expression(violations)),
        }
    }

    /// The operation at fault by its indices, as far as it can be told.
    pub(crate) fn operation(&self, migration: &Migration) -> Vec<usize> {
        match self {
            Self::Refused { refusal, .. } => refusal.operation.clone(),
            Self::Invalid { violations, .. } => {
                let path = violations.first().map_or("", |found| &found.path);
                naming(&migration.operations, path)
            }
            Self::Differs { difference, .. } => naming(&migration.operations, &difference.path),
            Self::NoWayBack { why, .. } => naming(&migration.operations, why.split(' ').next().unwrap_or_default()),
            _ => Vec::new(),
        }
    }

    /// What is wrong, in one line.
    pub(crate) fn message(&self, from: &str, to: &str) -> String {
        match self {
            Self::Refused { refusal, .. } => format!(
                "an event that is valid in {from} is refused on the way to {to}: {} {}",
                refusal.path, refusal.reason
            ),
            Self::Invalid { violations, .. } => format!(
                "an event that is valid in {from} becomes one that is not valid in {to}: {}",
                listed(violations)
            ),
            Self::NoWayBack { why, .. } => format!("an event that went from {from} to {to} cannot come back: {why}"),
            Self::Differs { difference, .. } => {
                format!("an event that went from {from} to {to} and back is not what it was: {difference}")
            }
            Self::NotCompact { .. } => format!("an event that went from {from} to {to} and back is not compact JSON"),
            Self::Attributes { difference, .. } => format!(
                "with its names as CloudEvents attributes, an event of {from} is not treated as the bare one is: {difference}"
            ),
            Self::Rule { version, violations } if version == from => format!(
                "an expression cannot be evaluated for a valid event of {from}: {}",
                listed(violations)
            ),
            Self::Rule { version, violations } => format!(
                "an expression cannot be evaluated for an event that is valid in {from} and is migrated to {version}: {}",
                listed(violations)
            ),
        }
    }

    /// What to do.
    pub(crate) fn hint(&self, from: &str, to: &str) -> String {
        match self {
            Self::Refused { refusal, way } => of_refusal(refusal, *way, from, to),
            Self::Invalid { way: Way::Up, .. } => {
                format!(
                    "add an operation that makes it valid, or let the schema of {to} allow what that of {from} allows"
                )
            }
            Self::Invalid { way: Way::Down, .. } => format!(
                "let the schema of {to} allow it, or write `otherwise: reject` beside the `from` and `to` of the migration: \
                 what {to} cannot hold is refused then"
            ),
            Self::NoWayBack { .. } => format!(
                "undo it by another operation, or mark the operation that loses something `lossy: true`, and write \
                 `otherwise: reject` beside the `from` and `to` of the migration where {from} cannot hold the rest"
            ),
            Self::Differs { difference, .. } => match difference.what {
                What::Missing | What::Extra | What::Changed => {
                    "undo it by another operation, or mark the one that loses it `lossy: true`".to_owned()
                }
                What::Order => "move or rename only members that are named".to_owned(),
            },
            Self::NotCompact { .. } => "this is an error of tidegate: please report it with this folder".to_owned(),
            Self::Attributes { .. } => {
                "give every member that an operation moves a place in the payload, or an attribute".to_owned()
            }
            Self::Rule { .. } => {
                "let the expression ask whether a member is there, and of which type it is, before it uses it"
                    .to_owned()
            }
        }
    }

    /// The forms that the event took on its way.
    pub(crate) fn forms(&self, to: &str) -> Vec<(String, String)> {
        match self {
            Self::NoWayBack { there, .. } => vec![(to.to_owned(), there.clone())],
            Self::Differs { there, back, .. } => {
                vec![(to.to_owned(), there.clone()), ("back".to_owned(), back.clone())]
            }
            Self::Attributes { laid, .. } => vec![("attributes".to_owned(), laid.clone())],
            _ => Vec::new(),
        }
    }
}

fn of_refusal(refusal: &Refusal, way: Way, from: &str, to: &str) -> String {
    let schema = match refusal.name() {
        "member-exists" | "unmapped" | "value-differs" => format!("let the schema of {from} allow no such value"),
        "no-object" => format!("let the schema of {from} require the object"),
        "not-alone" => format!("let the schema of {from} require the member and allow no other"),
        _ => format!("let the schema of {from} state the `type`"),
    };
    let operation = match refusal.name() {
        "value-differs" => ", or name every value with `map`",
        "unmapped" => ", or map it, or write `others: keep`",
        _ => "",
    };
    let meant = match way {
        Way::Up => String::new(),
        Way::Down => format!(
            "; if {to} cannot hold it, write `otherwise: reject` beside the `from` and `to` of the migration, and it is refused"
        ),
    };
    format!("{schema}{operation}{meant}")
}

/// The rule or drop rule that cannot be evaluated; `None`: each one can.
pub(crate) fn rule(violations: &[Violation]) -> Option<&str> {
    failed(violations)?.rule.as_deref()
}

/// What tells the expression that cannot be evaluated from others: its rule, or the words before the reason.
pub(crate) fn expression(violations: &[Violation]) -> Option<&str> {
    let failed = failed(violations)?;
    failed.rule.as_deref().or_else(|| failed.message.split(':').next())
}

fn failed(violations: &[Violation]) -> Option<&Violation> {
    let is_failed = |violation: &&Violation| [codes::RULE_ERROR, codes::RULE_COST].contains(&&*violation.code);
    violations.iter().find(is_failed)
}

fn listed(violations: &[Violation]) -> String {
    let shown: Vec<String> = violations
        .iter()
        .take(3)
        .map(|found| format!("{} {}", found.path, found.message).trim_start().to_owned())
        .collect();
    let more = violations.len().saturating_sub(shown.len());
    let more = if more == 0 {
        String::new()
    } else {
        format!(" (and {more} more)")
    };
    format!("{}{more}", shown.join("; "))
}

/// The operation that names a place, something in it or something around it.
fn naming(operations: &[Operation], path: &str) -> Vec<usize> {
    let touches = |place: &str| {
        let inside = |outer: &str, inner: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        inside(place, path) || inside(path, place)
    };
    let position = operations
        .iter()
        .rposition(|operation| !path.is_empty() && law::places(operation).into_iter().any(touches));
    let Some(at) = position else { return Vec::new() };
    let mut found = vec![at];
    if let Operation::Each(within) | Operation::Nested(within) = &operations[at] {
        let rest = path.strip_prefix(within.at.pointer()).unwrap_or_default();
        let rest = match &operations[at] {
            Operation::Each(_) => rest
                .trim_start_matches('/')
                .split_once('/')
                .map_or(String::new(), |(_, rest)| format!("/{rest}")),
            _ => rest.to_owned(),
        };
        found.extend(naming(&within.operations, &rest));
    }
    found
}
