//! Asks a policy about the event of a case, as a gate does. Knows no file and no expectation but what it asks for.

use std::time::Duration;

use serde_json::{Map, Value};
use tidegate_engine::{Action, Attribute, Context, Decision, Policy};
use tidegate_model::attributes::Attributes;
use tidegate_policies::{decision::Usable, output::UsableOutput};

use super::{
    super::judge::{checked, judge},
    answer::{Answer, Migration, Moment, Name, NextAttempt, Output, Violation},
    cases::Case,
};

/// What a policy said, and what of it was at work.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) answer: Answer,
    /// In one line.
    pub(super) reason: String,
    /// The decision, as a gate has it.
    pub(super) decided: Usable,
    /// The versions through which the event was brought, for each migration.
    pub(super) paths: Vec<Vec<String>>,
}

/// Asks for the decision, and for what else the case expects something of.
pub(super) async fn ask(policy: &Policy, case: &Case) -> anyhow::Result<Asked> {
    let attributes = case.attributes.canonical();
    let context = Context {
        now: case.now.clone(),
        target_version: case.target.clone(),
        handed_back: false,
    };
    let decided = judge(policy, &case.event, &attributes, case.flaw.as_ref(), &context).await?;
    let decided = checked(policy, &case.event, &case.now, |expected| {
        Usable::check(decided, expected)
    })?;
    let mut paths = Vec::new();
    if decided.decision != Decision::Reject {
        let mut types = policy.catalog().event_types.iter();
        let known = types.find(|known| Some(&known.name) == decided.event_type.as_ref());
        let target = case.target.as_ref().or(known.map(|known| &known.target_version));
        if let Some(target) = target {
            let migrated = policy.migrate(&case.event, &attributes, target).await?;
            paths.extend(migrated.ok().map(|migrated| migrated.path));
        }
    }
    let wanted = case.expected.as_ref();
    let migrate = match wanted.and_then(|wanted| wanted.migrate.as_ref()?.to.as_ref()?.0.as_ref()) {
        Some(to) => Some(migrate(policy, case, &attributes, to, &mut paths).await?),
        None => None,
    };
    let mut next_attempt = None;
    if let Some(wanted) = wanted.and_then(|wanted| wanted.next_attempt.as_ref()) {
        let event_type = decided.event_type.as_deref().unwrap_or_default();
        let found = next_attempt.insert(std::collections::BTreeMap::new());
        for attempt in wanted.keys() {
            let plan = policy.next_attempt(event_type, *attempt).await?;
            let next = match plan.action {
                Action::Retry => NextAttempt::After(Duration::from_millis(plan.delay_ms.into())),
                Action::DeadLetter => NextAttempt::DeadLetter,
            };
            found.insert(*attempt, next);
        }
    }
    Ok(Asked {
        answer: Answer {
            decision: Some(decided.decision),
            rule: Some(Name(decided.rule.clone())),
            claim: Some(Name(decided.claim.clone())),
            id: Some(Name(decided.event_id.clone())),
            event_type: Some(Name(decided.event_type.clone())),
            version: Some(Name(decided.event_version.clone())),
            key: Some(Name(decided.key.clone())),
            violations: Some(decided.violations.iter().map(Violation::of).collect()),
            outputs: Some(
                decided
                    .outputs
                    .iter()
                    .map(|output| Output::of(output, &case.attributes))
                    .collect(),
            ),
            migrate,
            next_attempt,
        },
        reason: decided.reason.clone(),
        decided,
        paths,
    })
}

async fn migrate(
    policy: &Policy,
    case: &Case,
    attributes: &[Attribute],
    to: &str,
    paths: &mut Vec<Vec<String>>,
) -> anyhow::Result<Migration> {
    let to_version = Some(Name::from(to));
    Ok(match policy.migrate(&case.event, attributes, to).await? {
        Ok(migrated) => {
            paths.push(migrated.path);
            let text = migrated.event.map_or_else(|| case.event.clone(), Into::into);
            Migration {
                to: to_version,
                event: Some(serde_json::from_slice(&text)?),
                attributes: Some(members(&case.attributes.clone().changed(&migrated.attributes))),
                violations: Some(Vec::new()),
                ..Migration::default()
            }
        }
        Err(failure) => Migration {
            to: to_version,
            fails: Some(failure.cause),
            violations: Some(failure.violations.iter().map(Violation::of).collect()),
            ..Migration::default()
        },
    })
}

impl Violation {
    fn of(violation: &tidegate_engine::Violation) -> Self {
        Self {
            code: Some(violation.code.clone()),
            path: Some(violation.path.clone()),
            rule: Some(Name(violation.rule.clone())),
            version: Some(Name(violation.version.clone())),
            message: Some(violation.message.clone()),
        }
    }
}

impl Output {
    fn of(output: &UsableOutput, attributes: &Attributes) -> Self {
        let leaves_with = output.attributes_of(attributes);
        Self {
            channel: Some(output.channel.clone()),
            key: Some(Name(output.key.clone())),
            id: Some(Name::from(&*output.id)),
            event_type: Some(Name::from(&*output.event_type)),
            not_before: Some(Moment(output.not_before)),
            unchanged: Some(output.is_itself && !output.is_changed && leaves_with == *attributes),
            // A usable output is JSON.
            event: serde_json::from_slice(&output.event).ok(),
            attributes: Some(members(&leaves_with)),
            exact: None,
        }
    }
}

fn members(attributes: &Attributes) -> Map<String, Value> {
    let members = attributes.iter();
    members.map(|(name, value)| (name.to_owned(), value.clone())).collect()
}
