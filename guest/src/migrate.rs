//! Brings an event from its version to another: finds the shortest way, takes its steps, and holds the result against the
//! schema of the wanted version. What a step does stands in `steps`; this module knows no version by name.
//!
//! Up and down again is the identity for every valid event that names its version and has none of the members that the
//! newer version brings. An event that has such a member already (a 1.0 payload with a `new_field` of its own) keeps it
//! on the way up and loses it on the way down.

use serde::Serialize;
use serde_json::Value;

use crate::event::{Event, set_after};
use crate::parse::read_object;
use crate::policy::Policy;
use crate::reader::MAX_VALUES;
use crate::steps::{Step, StepFn};
use crate::validate::{check, summary};
use crate::violation::{Violation, code, in_order, quoted};

/// An event in the wanted version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// The new text; absent: the event already has that version and is right as it came.
    pub event: Option<String>,
    /// The version it had.
    pub from_version: String,
    /// The version it has now.
    pub to_version: String,
    /// The versions it went through, the first and the last among them.
    pub path: Vec<String>,
}

/// Why an event could not be migrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigrationCause {
    /// The event is not valid to begin with.
    Rejected,
    /// No steps lead from its version to the wanted one.
    NoPath,
    /// A step found something that it could not carry over.
    StepFailed,
    /// The steps ran, but the result breaks the schema of the wanted version.
    InvalidResult,
}

/// A migration that did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MigrationFailure {
    /// What stopped it.
    pub cause: MigrationCause,
    /// The event's type, when known.
    pub event_type: Option<String>,
    /// The event's version, when known.
    pub from_version: Option<String>,
    /// The version that was asked for.
    pub to_version: String,
    /// What is wrong, at least one, in a stable order.
    pub violations: Vec<Violation>,
}

impl MigrationFailure {
    /// What is wrong in one line: with the result, where that is what stopped it.
    pub(crate) fn reason(&self) -> String {
        let in_result = self.cause == MigrationCause::InvalidResult;
        let general = |violation: &&Violation| in_result && violation.code == code::MIGRATION_FAILED;
        let violations: Vec<_> = self
            .violations
            .iter()
            .filter(|found| !general(found))
            .cloned()
            .collect();
        summary(&violations)
    }
}

/// A way from one version of a type to another.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// The versions it touches, as places in the type's versions.
    pub(crate) versions: Vec<usize>,
    steps: Vec<StepFn>,
}

impl Policy {
    /// Migrates one event to a version, up or down.
    pub fn migrate(&self, event: &[u8], to_version: &str) -> Result<Migrated, MigrationFailure> {
        let mut event = self.read(event, self.bounds()).map_err(|rejection| MigrationFailure {
            cause: MigrationCause::Rejected,
            event_type: rejection.event_type,
            from_version: None,
            to_version: to_version.to_owned(),
            violations: rejection.violations,
        })?;
        let from_version = &event.known_version().name;
        let failure = |cause, violations| MigrationFailure {
            cause,
            event_type: Some(event.kind.name.clone()),
            from_version: Some(from_version.clone()),
            to_version: to_version.to_owned(),
            violations,
        };
        let route =
            route_to(&event, to_version).map_err(|violation| failure(MigrationCause::NoPath, vec![violation]))?;
        let kind = event.kind;
        let text = if route.steps.is_empty() {
            None
        } else {
            let migrated = take(&mut event, route).and_then(|()| self.fit(event.to_text()));
            Some(migrated.map_err(|(cause, violations)| MigrationFailure {
                cause,
                event_type: Some(kind.name.clone()),
                from_version: Some(from_version.clone()),
                to_version: to_version.to_owned(),
                violations,
            })?)
        };
        Ok(Migrated {
            event: text,
            from_version: from_version.clone(),
            to_version: to_version.to_owned(),
            path: route
                .versions
                .iter()
                .map(|&at| kind.versions[at].name.clone())
                .collect(),
        })
    }

    /// A changed text, unless it has grown beyond the limit.
    fn fit(&self, text: String) -> Result<String, (MigrationCause, Vec<Violation>)> {
        match self.too_large(&text) {
            Some(violation) => Err((MigrationCause::InvalidResult, vec![violation])),
            None => Ok(text),
        }
    }

    /// Why a text that the policy made is too much to be read as an event, if it is: a step can add to it. Only a long
    /// text can hold too many values, so only a long one is read again.
    pub(crate) fn too_large(&self, text: &str) -> Option<Violation> {
        let limit = self.limits.event_bytes;
        if text.len() > limit as usize {
            let message = format!("{} bytes as it would leave; at most {limit} are allowed", text.len());
            return Some(Violation::new(code::TOO_LARGE, "", message));
        }
        let may_be_too_much = text.len() > 2 * MAX_VALUES;
        may_be_too_much
            .then(|| read_object(text.as_bytes(), self.bounds()).err())??
            .into_iter()
            .next()
    }
}

/// The way from the event's version to another.
pub(crate) fn route_to<'p>(event: &Event<'p>, to_version: &str) -> Result<&'p Route, Violation> {
    let kind = event.kind;
    kind.version_at(to_version)
        .and_then(|to| kind.routes[event.version][to].as_ref())
        .ok_or_else(|| {
            let message = format!(
                "no steps lead from {} {} to {}; known: {}",
                kind.name,
                event.known_version().name,
                quoted(to_version),
                kind.version_list()
            );
            Violation::new(code::NO_PATH, "/event_version", message)
        })
}

/// Takes the steps of a route and validates the result.
pub(crate) fn take(event: &mut Event<'_>, route: &Route) -> Result<(), (MigrationCause, Vec<Violation>)> {
    let (from, to) = (event.version, *route.versions.last().unwrap_or(&event.version));
    let kind = event.kind;
    let failed = |path: &str, problem: &str| {
        let (from, to) = (&kind.versions[from].name, &kind.versions[to].name);
        Violation::new(code::MIGRATION_FAILED, path, format!("from {from} to {to}: {problem}"))
    };
    if let Some(members) = event.members() {
        for step in &route.steps {
            step(members).map_err(|error| (MigrationCause::StepFailed, vec![failed(&error.path, &error.message)]))?;
        }
        let version = Value::String(kind.versions[to].name.clone());
        set_after(members, "event_type", "event_version", version);
    }
    event.version = to;
    let mut violations = check(kind, to, &event.value);
    if violations.is_empty() {
        return Ok(());
    }
    violations.push(failed("", "the result is not valid"));
    Err((MigrationCause::InvalidResult, in_order(violations)))
}

/// The shortest way between every two versions of a type: `routes[from][to]`.
pub(crate) fn routes(event_type: &str, versions: &[&str], steps: &[Step]) -> Vec<Vec<Option<Route>>> {
    (0..versions.len())
        .map(|from| routes_from(from, event_type, versions, steps))
        .collect()
}

/// Breadth first, so that the first way to a version is a shortest one.
fn routes_from(from: usize, event_type: &str, versions: &[&str], steps: &[Step]) -> Vec<Option<Route>> {
    let mut routes: Vec<Option<Route>> = versions.iter().map(|_| None).collect();
    routes[from] = Some(Route {
        versions: vec![from],
        steps: Vec::new(),
    });
    let mut next = std::collections::VecDeque::from([from]);
    while let Some(at) = next.pop_front() {
        let Some(here) = routes[at].clone() else {
            continue;
        };
        for to in 0..versions.len() {
            if routes[to].is_some() {
                continue;
            }
            if let Some(step) = direct(event_type, versions[at], versions[to], steps) {
                let mut route = here.clone();
                route.versions.push(to);
                route.steps.push(step);
                routes[to] = Some(route);
                next.push_back(to);
            }
        }
    }
    routes
}

/// The step from one version to another, the last one in the table if there are several.
fn direct(event_type: &str, from: &str, to: &str, steps: &[Step]) -> Option<StepFn> {
    steps
        .iter()
        .rev()
        .filter(|step| step.event_types.is_none_or(|types| types.contains(&event_type)))
        .find_map(|step| {
            match (
                from == step.older && to == step.newer,
                from == step.newer && to == step.older,
            ) {
                (true, _) => step.up,
                (_, true) => step.down,
                _ => None,
            }
        })
}
