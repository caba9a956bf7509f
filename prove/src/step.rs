//! One migration, judged by one event at a time: is it what its author says that it is? Knows how to ask the policy, and makes no
//! events.

use std::sync::Arc;

use serde_json::Value;
use tidegate_policy::{
    Migrated, Migration, MigrationCause, MigrationFailure, Policy, PolicyError, Violation, Way, codes, read_exact,
};

use crate::{
    alone::Alone,
    attributes::{self, Mapping},
    events::Valid,
    law::{self, Named},
    problem::{self, Problem},
    refusal::Refusal,
};

/// One migration of a type, and the policy that follows it.
#[derive(Debug)]
pub(crate) struct Step<'p> {
    pub(crate) event_type: &'p str,
    pub(crate) migration: Arc<Migration>,
    policy: StepPolicy<'p>,
    named: Named,
    mapping: Option<Mapping>,
    has_rules: bool,
}

/// A policy that gets from one version to the other by this migration alone.
#[derive(Debug)]
enum StepPolicy<'p> {
    Whole(&'p Policy),
    Part(Box<Policy>),
}

/// What a policy says when it is asked to migrate.
type Answer = Result<Migrated, MigrationFailure>;

impl<'p> Step<'p> {
    pub(crate) fn new(
        alone: &'p Alone<'_>,
        event_type: &'p str,
        migration: Arc<Migration>,
    ) -> Result<Self, PolicyError> {
        let policy = match alone.with_only(&migration)? {
            Some(policy) => StepPolicy::Part(Box::new(policy)),
            None => StepPolicy::Whole(&alone.policy),
        };
        Ok(Self {
            event_type,
            named: Named::of(&migration),
            migration,
            policy,
            mapping: Mapping::of(&alone.bundle.manifest),
            has_rules: alone.has_rules(),
        })
    }

    /// What is wrong with the migration, as an event of the version on this side of it shows.
    pub(crate) fn judge(&self, event: &Valid, way: Way) -> Result<(), Problem> {
        let answer = self.ask(&event.text, way);
        if let Some(there) = self.migrated(&event.text, way, &answer)? {
            self.comes_back(event, way, there)?;
        }
        self.same_with_attributes(event, way, &answer)
    }

    /// The law: what went there comes back as it was.
    fn comes_back(&self, event: &Valid, way: Way, there: &str) -> Result<(), Problem> {
        let answer = self.ask(there, opposite(way));
        let back = match self.migrated(there, opposite(way), &answer) {
            // As it is for most.
            Ok(Some(back)) if back == event.text => return Ok(()),
            Ok(Some(back)) => back,
            Err(problem @ Problem::Rule { .. }) => return Err(problem),
            Ok(None) | Err(Problem::Refused { .. } | Problem::Invalid { .. }) if self.may_lose(way) => return Ok(()),
            Ok(None) | Err(_) => {
                return Err(Problem::NoWayBack {
                    way,
                    there: there.to_owned(),
                    why: why(answer),
                });
            }
        };
        let Some(after) = read(back) else {
            return Err(Problem::NotCompact { way });
        };
        if let Some(difference) = law::difference(&event.value, &after, &self.named).filter(|_| !self.may_lose(way)) {
            return Err(Problem::Differs {
                way,
                there: there.to_owned(),
                back: back.to_owned(),
                difference,
            });
        }
        let compact = after.to_string();
        if compact == back {
            Ok(())
        } else {
            Err(Problem::NotCompact { way })
        }
    }

    /// Whether an event may lose something that the way back does not restore.
    fn may_lose(&self, way: Way) -> bool {
        self.migration.is_lossy(way)
    }

    /// The event in the other version; `None`: it is refused, and the author has said so.
    fn migrated<'e>(&self, event: &'e str, way: Way, answer: &'e Answer) -> Result<Option<&'e str>, Problem> {
        let failure = match answer {
            Ok(migrated) => return self.by_rules(migrated.event.as_deref().unwrap_or(event), way),
            Err(failure) => failure,
        };
        let is_refused = failure.cause == MigrationCause::StepFailed;
        let refusal = is_refused.then(|| self.refusal(event, way)).flatten();
        match (refusal, failure.cause) {
            (Some(refusal), _) if refusal.is_expected => Ok(None),
            (Some(refusal), _) => Err(Problem::Refused { way, refusal }),
            (None, MigrationCause::InvalidResult) if way == Way::Down && self.migration.otherwise.is_some() => Ok(None),
            (None, _) => Err(Problem::Invalid {
                way,
                violations: of_result(failure.clone()),
            }),
        }
    }

    /// The event in the other version; `None`: a rule says that it is not valid there, and so not in a gate either.
    fn by_rules<'e>(&self, there: &'e str, way: Way) -> Result<Option<&'e str>, Problem> {
        if !self.has_rules {
            return Ok(Some(there));
        }
        match self.policy().validate(there.as_bytes(), &[]) {
            Err(rejection) if breaks_rules_alone(&rejection.violations) => match problem::rule(&rejection.violations) {
                None => Ok(None),
                Some(_) => Err(Problem::Rule {
                    version: self.target(way).to_owned(),
                    violations: rejection.violations,
                }),
            },
            _ => Ok(Some(there)),
        }
    }

    fn ask(&self, event: &str, way: Way) -> Answer {
        self.policy().migrate(event.as_bytes(), &[], self.target(way))
    }

    /// Which operation refuses an event.
    fn refusal(&self, event: &str, way: Way) -> Option<Refusal> {
        let mut event = read(event)?;
        Refusal::find(&self.migration, way, event.as_object_mut()?)
    }

    /// An event whose names come as attributes is decided on as the bare one is.
    fn same_with_attributes(&self, event: &Valid, way: Way, answer: &Answer) -> Result<(), Problem> {
        let Some((mapping, laid)) = self
            .mapping
            .as_ref()
            .and_then(|mapping| Some((mapping, mapping.split(&event.value)?)))
        else {
            return Ok(());
        };
        attributes::same(self.policy(), event, answer, &laid, mapping, self.target(way)).map_err(|difference| {
            Problem::Attributes {
                way,
                difference,
                laid: laid.to_string(),
            }
        })
    }

    /// The version of the events on this side.
    pub(crate) fn source(&self, way: Way) -> &str {
        match way {
            Way::Up => &self.migration.from,
            Way::Down => &self.migration.to,
        }
    }

    /// The version that they get.
    pub(crate) fn target(&self, way: Way) -> &str {
        self.source(opposite(way))
    }

    pub(crate) fn policy(&self) -> &Policy {
        match &self.policy {
            StepPolicy::Whole(policy) => policy,
            StepPolicy::Part(policy) => policy,
        }
    }
}

const fn opposite(way: Way) -> Way {
    match way {
        Way::Up => Way::Down,
        Way::Down => Way::Up,
    }
}

fn read(text: &str) -> Option<Value> {
    read_exact(text).ok()
}

/// Whether a migrated event is what its schema says: the migration has done its part, and the rest is up to the rules.
fn breaks_rules_alone(violations: &[Violation]) -> bool {
    violations.iter().all(|violation| violation.rule.is_some())
}

/// Why an event is not migrated, in one line.
fn why(answer: Answer) -> String {
    let violations = answer.err().map(of_result).unwrap_or_default();
    violations
        .first()
        .map(|violation| format!("{} {}", violation.path, violation.message))
        .unwrap_or_default()
}

/// What is wrong with the result, without the line that says that something is.
fn of_result(failure: MigrationFailure) -> Vec<Violation> {
    let all = failure.violations;
    let of_result: Vec<Violation> = all
        .iter()
        .filter(|violation| violation.code != codes::MIGRATION_FAILED)
        .cloned()
        .collect();
    if of_result.is_empty() { all } else { of_result }
}
