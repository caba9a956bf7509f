//! An event that shows that a policy is not what its author says: as small as was found, with where in the manifest the cause stands.
//! Knows how to make an event smaller, and makes none.

use std::fmt;

use serde_json::Value;
use tidegate_policy::{Manifest, Migration, Operation, VersionPlace, Violation, Way, rules_of};

use crate::{
    events::{Event, Judges, Valid, Version},
    problem::{self, Problem},
    shrink,
    step::Step,
};

/// An event that shows that a policy is not what its author says.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// Its type.
    pub event_type: String,
    /// Its version.
    pub version: String,
    /// The event, as small as was found.
    pub event: String,
    /// What it became, each form with its name.
    pub forms: Vec<(String, String)>,
    /// What is wrong, in one line.
    pub problem: String,
    /// What to do.
    pub hint: String,
    /// Where in the manifest: the keys and indices on the way.
    pub place: Vec<String>,
}

impl Counterexample {
    /// The smallest event for which a migration goes wrong in the same way.
    pub(crate) fn of_step(manifest: &Manifest, step: &Step<'_>, way: Way, event: &Value, problem: &Problem) -> Self {
        let shown = |value: &Value| {
            let event = Valid::of(step.policy(), value.to_string(), value.clone()).ok()?;
            let names = [&*event.accepted.event_type, &*event.accepted.event_version];
            let is_of_step = names == [step.event_type, step.source(way)] && names_version(manifest, value);
            step.judge(&event, way).err().filter(|_| is_of_step)
        };
        let smallest = shrink::smallest(event.clone(), |event| {
            shown(event).is_some_and(|found| found.key() == problem.key())
        });
        let problem = shown(&smallest).unwrap_or_else(|| problem.clone());
        let (from, to) = (step.source(way), step.target(way));
        Self {
            event_type: step.event_type.to_owned(),
            version: from.to_owned(),
            event: smallest.to_string(),
            forms: problem.forms(to),
            problem: problem.message(from, to),
            hint: problem.hint(from, to),
            place: match &problem {
                Problem::Rule { violations, .. } => of_expression(manifest, step.event_type, violations),
                _ => of_operation(
                    manifest,
                    step.event_type,
                    &step.migration,
                    &problem.operation(&step.migration),
                ),
            },
        }
    }

    /// The smallest event for which the same rule cannot be evaluated.
    pub(crate) fn of_rule(
        manifest: &Manifest,
        judges: Judges<'_>,
        version: Version<'_>,
        event: &Value,
        violations: Vec<Violation>,
    ) -> Self {
        let failed = |event: &Value| match judges.judge(event.clone(), version)? {
            Event::Failed(_, violations) if names_version(manifest, event) => Some(violations),
            _ => None,
        };
        let smallest = shrink::smallest(event.clone(), |event| {
            failed(event).is_some_and(|found| problem::expression(&found) == problem::expression(&violations))
        });
        let violations = failed(&smallest).unwrap_or(violations);
        let place = of_expression(manifest, version.event_type, &violations);
        let problem = Problem::Rule {
            version: version.name.to_owned(),
            violations,
        };
        Self {
            event_type: version.event_type.to_owned(),
            version: version.name.to_owned(),
            event: smallest.to_string(),
            forms: Vec::new(),
            problem: problem.message(version.name, version.name),
            hint: problem.hint(version.name, version.name),
            place,
        }
    }
}

/// Whether an event names its version, where there is a place for it.
pub(crate) fn names_version(manifest: &Manifest, event: &Value) -> bool {
    let envelope = &manifest.envelope;
    match &envelope.version {
        None => true,
        Some(VersionPlace::Member(place)) => event.pointer(place.pointer()).is_some(),
        Some(VersionPlace::End { .. }) => {
            let stated = event.pointer(envelope.event_type.pointer()).and_then(Value::as_str);
            stated.is_some_and(|stated| !manifest.event_types.contains_key(stated))
        }
    }
}

/// Where a rule, a drop rule, or the condition of a channel or of what follows stands in the manifest.
fn of_expression(manifest: &Manifest, event_type: &str, violations: &[Violation]) -> Vec<String> {
    let known = manifest.event_types.get(event_type);
    let of_type = |section: &str, at: Option<usize>| {
        let place = ["event_types", event_type, section].map(str::to_owned);
        place.into_iter().chain(at.map(|at| at.to_string())).collect()
    };
    let (Some(known), Some(id)) = (known, problem::rule(violations)) else {
        let named = problem::expression(violations).and_then(|name| name.strip_prefix("emits "));
        let emits = known.and_then(|known| known.emits.iter().position(|emits| Some(&*emits.event_type) == named));
        return of_type(if emits.is_some() { "emits" } else { "channel" }, emits);
    };
    if let Some(at) = known.drop.iter().position(|rule| rule.id == id) {
        return of_type("drop", Some(at));
    }
    let mut rules = rules_of(manifest, event_type, known).into_iter();
    rules.find(|of| of.rule.id == id).map(|of| of.path).unwrap_or_default()
}

/// Where a migration, or an operation of it, stands in the manifest.
fn of_operation(manifest: &Manifest, event_type: &str, migration: &Migration, operation: &[usize]) -> Vec<String> {
    let same = |other: &Migration| (&other.from, &other.to) == (&migration.from, &migration.to);
    let known = manifest.event_types.get(event_type);
    let own = known.and_then(|known| known.migrations.iter().position(same));
    let shared = || manifest.migrations.iter().position(|shared| same(&shared.migration));
    let mut place: Vec<String> = match own {
        Some(at) => ["event_types", event_type, "migrations", &at.to_string()]
            .map(str::to_owned)
            .into(),
        None => vec!["migrations".to_owned(), shared().unwrap_or_default().to_string()],
    };
    let mut operations = &migration.operations[..];
    for index in operation {
        place.extend(["do".to_owned(), index.to_string()]);
        operations = match operations.get(*index) {
            Some(Operation::Each(within)) => {
                place.push("each".to_owned());
                &within.operations
            }
            Some(Operation::Nested(within)) => {
                place.push("nested".to_owned());
                &within.operations
            }
            _ => &[],
        };
    }
    place
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {}\n  event: {}",
            self.event_type, self.version, self.problem, self.event
        )?;
        for (name, form) in &self.forms {
            write!(f, "\n  {name}: {form}")?;
        }
        write!(f, "\n  hint: {}", self.hint)
    }
}
