//! The decision on an event: validates, migrates, routes and derives. Sends nothing and reads no clock.

use serde_json::Value;

use crate::contract::{Context, Decided, Decision, Misuse, Output, Violation};
use crate::derivation::Derived;
use crate::event::Event;
use crate::migrate::{follow, path_to};
use crate::policy::Policy;
use crate::time::{EXPECTED, Timestamp};
use crate::violation::{code, summary};

impl Policy {
    /// Judges an event and says what to send. Fails only when the context is not usable.
    pub fn process(&self, event: &[u8], context: &Context) -> Result<Decided, Misuse> {
        check_now(&context.now)?;
        Ok(match self.read(event, self.bounds()) {
            Ok(event) => self.route(event, context),
            Err(rejection) => Decided {
                decision: Decision::Reject,
                reason: rejection.summary(),
                event_id: rejection.event_id,
                event_type: rejection.event_type,
                event_version: None,
                outputs: Vec::new(),
                violations: rejection.violations,
            },
        })
    }

    /// The decision on a valid event.
    fn route(&self, mut event: Event<'_>, context: &Context) -> Decided {
        let mut decided = Decided {
            decision: Decision::Forward,
            reason: String::new(),
            event_id: Some(event.id().to_owned()),
            event_type: Some(event.kind.name.clone()),
            event_version: Some(event.known_version().name.clone()),
            outputs: Vec::new(),
            violations: Vec::new(),
        };
        match self.outputs(&mut event, context, &mut decided.reason) {
            Ok(outputs) if outputs.is_empty() => decided.decision = Decision::Drop,
            Ok(outputs) => decided.outputs = outputs,
            Err(violations) => {
                decided.decision = Decision::Reject;
                decided.reason = summary(&violations);
                decided.violations = violations;
            }
        }
        decided
    }

    /// What to send for a valid event, the event itself first; nothing when its type has no channel.
    fn outputs(
        &self,
        event: &mut Event<'_>,
        context: &Context,
        reason: &mut String,
    ) -> Result<Vec<Output>, Vec<Violation>> {
        let kind = event.kind;
        if !kind.accepted {
            let message = format!("{} is sent by the policy and never taken in", kind.name);
            return Err(vec![Violation::new(
                code::EMITTED_ONLY,
                self.envelope.event_type.pointer(),
                message,
            )]);
        }
        let from = &event.known_version().name;
        let latest = &kind.versions[kind.versions.len() - 1].name;
        let target = context.target_version.as_deref().unwrap_or(latest);
        let path = path_to(event, target).map_err(|violation| vec![violation])?;
        let Some(channel) = &kind.channel else {
            *reason = format!("{} {from} is valid and goes to no channel", kind.name);
            return Ok(Vec::new());
        };

        let migrates = path.versions.len() > 1;
        if migrates {
            follow(event, path).map_err(|(_, violations)| violations)?;
            *reason = format!("{} {from} is valid and leaves as {target}", kind.name);
        } else {
            *reason = format!("{} {from} is valid", kind.name);
        }
        let stamped = stamp(event, &context.now).map_err(|violation| vec![violation])?;
        if stamped {
            let violations = self.check(kind, event.version, &event.value);
            if !violations.is_empty() {
                return Err(violations);
            }
        }
        let text = (migrates || stamped).then(|| event.to_text());
        if let Some(violation) = text.as_deref().and_then(|text| self.too_large(text)) {
            return Err(vec![violation]);
        }

        let mut outputs = Vec::with_capacity(1);
        outputs.push(Output {
            channel: channel.clone(),
            key: event.key().to_owned(),
            id: event.id().to_owned(),
            event_type: kind.name.clone(),
            event: text,
        });
        self.derive(event, &context.now, &mut outputs, reason)?;
        Ok(outputs)
    }

    /// Adds the events that are derived from this one.
    fn derive(
        &self,
        event: &Event<'_>,
        now: &str,
        outputs: &mut Vec<Output>,
        reason: &mut String,
    ) -> Result<(), Vec<Violation>> {
        let Some(members) = event.value.as_object() else {
            return Ok(());
        };
        for derivation in self
            .derivations
            .iter()
            .filter(|derivation| derivation.from == event.kind.name)
        {
            match (derivation.derive)(members, now) {
                Derived::Nothing => {}
                Derived::Omitted(why) => {
                    reason.push_str("; ");
                    reason.push_str(why);
                }
                Derived::Event(derived) => {
                    let derived = self.judge(derived).map_err(|rejection| rejection.violations)?;
                    let text = derived.to_text();
                    if let Some(violation) = self.too_large(&text) {
                        return Err(vec![violation]);
                    }
                    outputs.extend(output(&derived, text));
                }
            }
        }
        Ok(())
    }
}

/// An event on the channel of its type; nothing when the type has no channel.
pub(crate) fn output(event: &Event<'_>, text: String) -> Option<Output> {
    Some(Output {
        channel: event.kind.channel.clone()?,
        key: event.key().to_owned(),
        id: event.id().to_owned(),
        event_type: event.kind.name.clone(),
        event: Some(text),
    })
}

/// Refuses a `now` that is not a time.
pub(crate) fn check_now(now: &str) -> Result<(), Misuse> {
    match Timestamp::parse(now) {
        Some(_) => Ok(()),
        None => Err(Misuse {
            message: format!("now must be {EXPECTED}"),
        }),
    }
}

/// An event without a time happened now. True when the time had to be added.
fn stamp(event: &mut Event<'_>, now: &str) -> Result<bool, Violation> {
    let envelope = &event.policy.envelope;
    let Some((place, members)) = envelope.time.as_ref().zip(event.members()) else {
        return Ok(false);
    };
    if place.find(members).is_some() {
        return Ok(false);
    }
    place.set(members, &envelope.key, Value::String(now.to_owned()))?;
    Ok(true)
}
