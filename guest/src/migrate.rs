//! Brings an event from its version to another: follows the shortest migration path and validates the result against the
//! schema of the wanted version. The steps themselves are in `steps`; this module knows no version by name.
//!
//! Migrating up and down again is the identity for every valid event that names its version and has none of the members that
//! the newer version adds. An event that already has such a member (a 1.0 payload with a `new_field` of its own) keeps it on
//! the way up and loses it on the way down.

use crate::contract::{Attribute, Change, Migrated, MigrationCause, MigrationFailure, Violation};
use crate::event::{Event, Leaving};
use crate::expressions::Origin;
use crate::migration_path::MigrationPath;
use crate::parse::read_object;
use crate::policy::Policy;
use crate::reader::MAX_VALUES;
use crate::violation::{code, in_order, quoted, summary};

/// What a change does to an event as it leaves.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Its new text; `None`: the one it came with.
    pub(crate) event: Option<String>,
    /// The changes to its attributes.
    pub(crate) attributes: Vec<Change>,
}

/// Why an event could not be changed.
pub(crate) type Failed = (MigrationCause, Vec<Violation>);

impl MigrationFailure {
    /// The problem in one line. When the result is invalid, its first violation.
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

impl Policy {
    /// Migrates one event to a version, up or down.
    pub fn migrate(
        &self,
        event: &[u8],
        attributes: &[Attribute],
        to_version: &str,
    ) -> Result<Migrated, MigrationFailure> {
        let read = self.read(event, attributes, self.bounds());
        let mut event = read.map_err(|rejected| MigrationFailure {
            cause: MigrationCause::Rejected,
            event_type: rejected.rejection.event_type,
            from_version: None,
            to_version: to_version.to_owned(),
            violations: rejected.rejection.violations,
        })?;
        let (kind, from_version) = (event.kind, &event.known_version().name);
        let failure = |(cause, violations)| MigrationFailure {
            cause,
            event_type: Some(kind.name.clone()),
            from_version: Some(from_version.clone()),
            to_version: to_version.to_owned(),
            violations,
        };
        let path =
            path_to(&event, to_version).map_err(|violation| failure((MigrationCause::NoPath, vec![violation])))?;
        let changed = if path.steps.is_empty() {
            Changed::default()
        } else {
            let migrated = self.changed(&mut event, |event| follow(event, path));
            migrated.map_err(failure)?
        };
        Ok(Migrated {
            event: changed.event,
            attributes: changed.attributes,
            from_version: from_version.clone(),
            to_version: to_version.to_owned(),
            path: path.versions.iter().map(|&at| kind.versions[at].name.clone()).collect(),
        })
    }

    /// What a change does to an event as it leaves. Fails when the change does, and when its result is too large or has no place.
    pub(crate) fn changed<'p>(
        &self,
        event: &mut Event<'p>,
        change: impl FnOnce(&mut Event<'p>) -> Result<(), Failed>,
    ) -> Result<Changed, Failed> {
        let invalid = |violation: Violation| (MigrationCause::InvalidResult, vec![violation]);
        // A bare event that changes leaves with another text; of one with attributes, they may be all that changes.
        let before = if event.form.is_bare() {
            None
        } else {
            Some(event.leaving().map_err(invalid)?.event)
        };
        change(event)?;
        let Leaving {
            event: text,
            attributes,
        } = event.leaving().map_err(invalid)?;
        let text = Some(text).filter(|text| before.as_ref() != Some(text));
        match text.as_deref().and_then(|text| self.too_large(text)) {
            Some(violation) => Err(invalid(violation)),
            None => Ok(Changed {
                event: text,
                attributes,
            }),
        }
    }

    /// Why a text that the policy has written is too large to be read as an event, if it is: a step can make an event larger.
    /// Only a long text can have too many values, and only one with many brackets can be too deep: only such a one is read again.
    pub(crate) fn too_large(&self, text: &str) -> Option<Violation> {
        let limit = self.limits.event_bytes;
        if text.len() > limit as usize {
            let message = format!("{} bytes as it would leave; at most {limit} are allowed", text.len());
            return Some(Violation::new(code::TOO_LARGE, "", message));
        }
        let brackets = text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count();
        let may_be_too_much = text.len() > 2 * MAX_VALUES || brackets > self.limits.depth as usize;
        may_be_too_much
            .then(|| read_object(text.as_bytes(), self.bounds()).err())??
            .into_iter()
            .next()
    }
}

/// The migration path from the event's version to another.
pub(crate) fn path_to<'p>(event: &Event<'p>, to_version: &str) -> Result<&'p MigrationPath, Violation> {
    let kind = event.kind;
    kind.version_at(to_version)
        .and_then(|to| kind.paths[event.version][to].as_ref())
        .ok_or_else(|| {
            let message = format!(
                "no steps lead from {} {} to {}; known: {}",
                kind.name,
                event.known_version().name,
                quoted(to_version),
                kind.version_list()
            );
            Violation::new(code::NO_PATH, event.policy.version_pointer(), message)
        })
}

/// Applies the steps of a path and validates the result.
pub(crate) fn follow(event: &mut Event<'_>, path: &MigrationPath) -> Result<(), Failed> {
    let (from, to) = (event.version, *path.versions.last().unwrap_or(&event.version));
    let (policy, kind) = (event.policy, event.kind);
    let failed = |path: &str, problem: &str| {
        let (from, to) = (&kind.versions[from].name, &kind.versions[to].name);
        Violation::new(code::MIGRATION_FAILED, path, format!("from {from} to {to}: {problem}"))
    };
    if let Some(members) = event.members() {
        for step in &path.steps {
            step.apply(members)
                .map_err(|error| (MigrationCause::StepFailed, vec![failed(&error.path, &error.message)]))?;
        }
    }
    event.state_version(to).map_err(|blocked| {
        (
            MigrationCause::StepFailed,
            vec![failed(&blocked.path, &blocked.message)],
        )
    })?;
    event.version = to;
    let mut violations = policy.check(kind, to, Origin::Changed, &event.value, event.form.attributes);
    if violations.is_empty() {
        return Ok(());
    }
    for violation in &mut violations {
        violation.version = Some(kind.versions[to].name.clone());
    }
    // An event can break a rule of the latest version though nothing is wrong with its migration.
    if violations.iter().any(|violation| violation.rule.is_none()) {
        violations.push(failed("", "the result is not valid"));
    }
    Err((MigrationCause::InvalidResult, in_order(violations)))
}
