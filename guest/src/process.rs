//! The decision on an event: validates, migrates, routes and derives. Sends nothing and reads no clock.

use serde_json::Value;

use crate::contract::{Attribute, Context, Decided, Decision, MigrationCause, Output, Violation};
use crate::derivation::{Derivation, Derived};
use crate::document::Form;
use crate::emit::{Cause, failed};
use crate::event::Event;
use crate::expressions::Origin;
use crate::migrate::{Changed, Failed, follow, path_to};
use crate::policy::Policy;
use crate::validate::Rejected;
use crate::violation::code;

/// What becomes of a valid event.
enum Routed {
    /// These are sent; at least one.
    To(Vec<Output>),
    /// Nothing is sent: by a rule, or since its type has no channel.
    Dropped { rule: Option<String> },
}

impl Policy {
    /// Judges an event, with its attributes, and says what to send.
    pub fn process(&self, event: &[u8], attributes: &[Attribute], context: &Context) -> Decided {
        match self.read(event, attributes, self.bounds()) {
            Ok(event) => self.route(event, context),
            Err(rejected) => reject(*rejected),
        }
    }

    /// The decision on a valid event.
    fn route(&self, mut event: Event<'_>, context: &Context) -> Decided {
        let id = event.id().into_owned();
        let mut decided = Decided {
            decision: Decision::Forward,
            rule: None,
            claim: self.claim(&id, &event.kind.name, &event.form),
            event_id: Some(id),
            event_type: Some(event.kind.name.clone()),
            event_version: Some(event.known_version().name.clone()),
            key: event.key(),
            outputs: Vec::new(),
            violations: Vec::new(),
        };
        match self.outputs(&mut event, &decided, context) {
            Ok(Routed::Dropped { rule }) => {
                decided.decision = Decision::Drop;
                decided.rule = rule;
            }
            Ok(Routed::To(outputs)) => decided.outputs = outputs,
            Err(violations) => {
                decided.decision = Decision::Reject;
                decided.violations = violations;
            }
        }
        decided
    }

    /// What to send for a valid event, the event itself first.
    fn outputs(&self, event: &mut Event<'_>, decided: &Decided, context: &Context) -> Result<Routed, Vec<Violation>> {
        let kind = event.kind;
        if !kind.accepted && !context.handed_back {
            let message = format!("{} is sent by the policy and never taken in", kind.name);
            return Err(vec![Violation::new(
                code::EMITTED_ONLY,
                self.envelope.event_type.pointer(),
                message,
            )]);
        }
        let usual = &kind.versions[kind.target_version].name;
        let wanted = context.target_version.as_deref().filter(|_| kind.accepted);
        let target = wanted.unwrap_or(usual);
        let alone = |violation| vec![violation];
        let path = path_to(event, target).map_err(alone)?;
        let expressions = &kind.expressions;
        if let Some(rule) = expressions.drop_rule(event.subject()).map_err(alone)? {
            let rule = Some(rule.to_owned());
            return Ok(Routed::Dropped { rule });
        }
        let channels = expressions.channels(event.subject()).map_err(alone)?;
        if channels.is_empty() {
            return Ok(Routed::Dropped { rule: None });
        }
        // Asked of the event as it came, before it gets a time.
        let emitted = if context.handed_back {
            Vec::new()
        } else {
            expressions.emitted(event.subject()).map_err(alone)?
        };

        let needs_time = self.needs_time(event);
        let changed = if path.steps.is_empty() && !needs_time {
            Changed::default()
        } else {
            let change = |event: &mut Event<'_>| {
                if !path.steps.is_empty() {
                    follow(event, path)?;
                }
                if needs_time {
                    self.stamp(event, &context.now)?;
                }
                Ok(())
            };
            self.changed(event, change).map_err(|(_, violations)| violations)?
        };
        let not_before = event.not_before(&context.now).map_err(|violation| {
            let version = Some(event.known_version().name.clone())
                .filter(|version| decided.event_version.as_ref() != Some(version));
            vec![Violation { version, ..violation }]
        })?;
        let output = Output {
            channel: String::new(),
            key: event.key(),
            id: decided.event_id.clone().unwrap_or_default(),
            event_type: kind.name.clone(),
            event: changed.event,
            attributes: changed.attributes,
            not_before,
        };
        let mut outputs = on_each(channels, output);
        if context.handed_back {
            return Ok(Routed::To(outputs));
        }
        let claim = decided.claim.as_ref().or(decided.event_id.as_ref());
        let cause = Cause {
            event,
            claim: claim.map_or("", String::as_str),
            is_stamped: needs_time,
        };
        for emits in emitted.into_iter().map(|at| &kind.emits[at]) {
            if let Some(emitted) = self.emit(emits, cause)? {
                let sent = self.output(&emitted, &context.now);
                outputs.extend(sent.map_err(|violations| failed(emitted.kind, violations))?);
            }
        }
        self.derive(event, &context.now, &mut outputs)?;
        Ok(Routed::To(outputs))
    }

    /// Adds the events that the code derives from this one.
    fn derive(&self, event: &Event<'_>, now: &str, outputs: &mut Vec<Output>) -> Result<(), Vec<Violation>> {
        let Some(members) = event.value.as_object() else {
            return Ok(());
        };
        let of_type = |derivation: &&Derivation| derivation.from == event.kind.name;
        for derivation in self.derivations.iter().filter(of_type) {
            if let Derived::Event(derived) = (derivation.derive)(members, now) {
                let judged = self.judge(derived, Form::default());
                let derived = judged.map_err(|rejected| rejected.rejection.violations)?;
                outputs.extend(self.output(&derived, now)?);
            }
        }
        Ok(())
    }

    /// A derived event on the channels of its type; nothing when the type has none, or a rule of it drops the event.
    fn output(&self, event: &Event<'_>, now: &str) -> Result<Vec<Output>, Vec<Violation>> {
        let dropped = event.kind.expressions.drop_rule(event.subject());
        if dropped.map_err(|violation| vec![violation])?.is_some() {
            return Ok(Vec::new());
        }
        let leaving = event.leaving().map_err(|violation| vec![violation])?;
        if let Some(violation) = self.too_large(&leaving.event) {
            return Err(vec![violation]);
        }
        let not_before = event.not_before(now).map_err(|violation| vec![violation])?;
        let channels = event.kind.expressions.channels(event.subject());
        let output = Output {
            channel: String::new(),
            key: event.key(),
            id: event.id().into_owned(),
            event_type: event.kind.name.clone(),
            event: Some(leaving.event),
            attributes: leaving.attributes,
            not_before,
        };
        Ok(on_each(channels.map_err(|violation| vec![violation])?, output))
    }

    /// Whether an event should state its time and does not.
    fn needs_time(&self, event: &Event<'_>) -> bool {
        let place = self.envelope.time.as_ref().zip(event.value.as_object());
        place.is_some_and(|(place, members)| place.find(members).is_none())
    }

    /// An event without a time happened now. It must still be valid with it.
    fn stamp(&self, event: &mut Event<'_>, now: &str) -> Result<(), Failed> {
        let invalid = |violations| (MigrationCause::InvalidResult, violations);
        let neighbour = self.envelope.key_place().unwrap_or(&self.envelope.event_type);
        if let Some((place, members)) = self.envelope.time.as_ref().zip(event.members()) {
            place
                .set(members, neighbour, Value::String(now.to_owned()))
                .map_err(|violation| invalid(vec![violation]))?;
        }
        let violations = self.check(
            event.kind,
            event.version,
            Origin::Changed,
            &event.value,
            event.form.attributes,
        );
        if violations.is_empty() {
            Ok(())
        } else {
            Err(invalid(violations))
        }
    }
}

/// One output on several channels.
fn on_each(channels: &[String], output: Output) -> Vec<Output> {
    let mut outputs = Vec::with_capacity(channels.len());
    if let Some((last, others)) = channels.split_last() {
        outputs.extend(others.iter().map(|channel| Output {
            channel: channel.clone(),
            ..output.clone()
        }));
        outputs.push(Output {
            channel: last.clone(),
            ..output
        });
    }
    outputs
}

/// The decision on an event that is not valid.
fn reject(rejected: Rejected) -> Decided {
    Decided {
        decision: Decision::Reject,
        rule: None,
        claim: rejected.claim,
        event_id: rejected.rejection.event_id,
        event_type: rejected.rejection.event_type,
        event_version: rejected.event_version,
        key: rejected.key,
        outputs: Vec::new(),
        violations: rejected.rejection.violations,
    }
}
