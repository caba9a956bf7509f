//! Is this event valid? Reads it, finds its type and version, checks it against their schema and then against the rules that a
//! schema cannot express. Changes nothing and sends nothing.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::contract::{Accepted, Attribute, Rejection, RejectionCause, Violation};
use crate::document::Form;
use crate::event::Event;
use crate::expressions::{Origin, Subject};
use crate::known::KnownType;
use crate::migrate::{follow, path_to};
use crate::names::{is_required, must_be_a_name};
use crate::parse::Bounds;
use crate::place::name;
use crate::policy::Policy;
use crate::violation::{code, in_order, quoted, summary};

/// An event that is not valid, and what could be read of it.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub(crate) rejection: Rejection,
    pub(crate) claim: Option<String>,
    pub(crate) key: Option<String>,
    /// Its version, where it is known.
    pub(crate) event_version: Option<String>,
}

impl Policy {
    /// Judges one event, with its attributes. Any bytes get an answer.
    pub fn validate(&self, event: &[u8], attributes: &[Attribute]) -> Result<Accepted, Rejection> {
        let read = self.read(event, attributes, self.bounds());
        let event = read.map_err(|rejected| rejected.rejection)?;
        let id = event.id();
        Ok(Accepted {
            claim: self.claim(&id, &event.kind.name, &event.form),
            event_id: id.into_owned(),
            event_type: event.kind.name.clone(),
            event_version: event.known_version().name.clone(),
            key: event.key(),
        })
    }

    /// Reads an event within bounds and judges it.
    pub(crate) fn read<'p>(
        &'p self,
        event: &[u8],
        attributes: &'p [Attribute],
        bounds: Bounds,
    ) -> Result<Event<'p>, Box<Rejected>> {
        let (members, form) = self
            .document(event, attributes, bounds)
            .map_err(|violations| self.unreadable(violations, attributes))?;
        self.judge(members, form)
    }

    /// Judges a document.
    pub(crate) fn judge<'p>(&'p self, members: Map<String, Value>, form: Form<'p>) -> Result<Event<'p>, Box<Rejected>> {
        let (kind, version) = match self.find(&members) {
            Ok(found) => found,
            Err(violations) => {
                let cause = RejectionCause::Unknown;
                return Err(self.reject(cause, &Value::Object(members), &form, None, violations));
            }
        };
        let value = Value::Object(members);
        let invalid = |event: &Value, form: &Form<'p>, violations| {
            let version = Some(&*kind.versions[version].name);
            Err(self.reject(RejectionCause::Invalid, event, form, version, violations))
        };
        let violations = self.check(kind, version, Origin::Came, &value, form.attributes);
        if !violations.is_empty() {
            return invalid(&value, &form, violations);
        }
        let mut event = Event {
            policy: self,
            value,
            form,
            kind,
            version,
            latest: None,
        };
        match as_latest(&event) {
            Ok(latest) => event.latest = latest,
            Err(violations) => return invalid(&event.value, &event.form, violations),
        }
        Ok(event)
    }

    /// Finds the type and version of an event.
    fn find(&self, members: &Map<String, Value>) -> Result<(&KnownType, usize), Vec<Violation>> {
        let mut violations = Vec::new();
        let place = &self.envelope.event_type;
        match place.find(members) {
            Some(Value::String(text)) => {
                if let Some((kind, end)) = self.type_of(text) {
                    let version = self.version_of(kind, end, members);
                    return version.map(|at| (kind, at)).map_err(|violation| vec![violation]);
                }
                let message = format!("the event type {} is not known", quoted(text));
                violations.push(Violation::new(code::UNKNOWN_EVENT_TYPE, place.pointer(), message));
            }
            Some(_) => violations.push(Violation::new(code::TYPE, place.pointer(), "must be a string")),
            None => violations.push(is_required(place)),
        }
        let version = self.envelope.version_place();
        if let Some((place, stated)) = version.and_then(|place| Some((place, place.find(members)?)))
            && name(stated).is_none()
        {
            violations.push(must_be_a_name(place));
        }
        Err(in_order(violations))
    }

    /// The violations of an object that should be an event of this type and version.
    /// The policy's expressions are asked only of an event that is right otherwise.
    pub(crate) fn check(
        &self,
        kind: &KnownType,
        version: usize,
        origin: Origin,
        event: &Value,
        attributes: &[Attribute],
    ) -> Vec<Violation> {
        let schema = &kind.versions[version].schema;
        let members = event.as_object();
        let mut broken = self.check_names(event);
        broken.extend(
            members
                .into_iter()
                .flat_map(|members| self.rules.iter().filter_map(|rule| rule.violation(members))),
        );
        if broken.is_empty() && schema.holds(event) {
            let subject = Subject {
                document: event,
                attributes,
            };
            let is_latest = version == kind.latest();
            return in_order(kind.expressions.violations(version, origin, is_latest, subject));
        }
        broken.extend(schema.violations(event));
        in_order(broken)
    }

    /// The rejection of an event that could not be read; its attributes may still state its names.
    pub(crate) fn unreadable(&self, violations: Vec<Violation>, attributes: &[Attribute]) -> Box<Rejected> {
        let mut members = Map::new();
        let form = self.lay(attributes, &mut members, |_, _| Ok(())).unwrap_or_default();
        // Only what attributes state: an id that is made of members, or of nothing, is none.
        let rejected = self.reject(
            RejectionCause::Unreadable,
            &Value::Object(members),
            &form,
            None,
            violations,
        );
        if self.envelope.id_place().is_some() {
            return rejected;
        }
        Box::new(Rejected {
            claim: None,
            rejection: Rejection {
                event_id: None,
                ..rejected.rejection
            },
            ..*rejected
        })
    }

    fn reject(
        &self,
        cause: RejectionCause,
        event: &Value,
        form: &Form<'_>,
        version: Option<&str>,
        violations: Vec<Violation>,
    ) -> Box<Rejected> {
        let stated = event
            .as_object()
            .and_then(|members| self.envelope.event_type.find(members)?.as_str());
        let event_type = stated.map(|text| self.type_of(text).map_or(text, |(kind, _)| &kind.name));
        let event_id = self.id_of(event, event_type.unwrap_or_default());
        let claim = event_id.as_deref().filter(|id| !id.is_empty()).zip(event_type);
        Box::new(Rejected {
            claim: claim.and_then(|(id, event_type)| self.claim(id, event_type, form)),
            key: self.key_of(event).map(Cow::into_owned),
            event_version: version.map(str::to_owned),
            rejection: Rejection {
                cause,
                event_id: event_id.map(Cow::into_owned),
                event_type: event_type.map(str::to_owned),
                violations,
            },
        })
    }
}

/// The document in the latest version of its type, where expressions are about that one and it has another.
fn as_latest(event: &Event<'_>) -> Result<Option<Value>, Vec<Violation>> {
    let latest = event.kind.latest();
    if event.version == latest || !event.kind.expressions.need_latest() {
        return Ok(None);
    }
    let path = path_to(event, &event.kind.versions[latest].name).map_err(|violation| vec![violation])?;
    let mut migrated = Event {
        value: event.value.clone(),
        form: Form::only(event.form.attributes),
        latest: None,
        ..*event
    };
    follow(&mut migrated, path).map_err(|(_, violations)| violations)?;
    Ok(Some(migrated.value))
}

impl Rejection {
    /// The first violation in one line, and how many more there are.
    pub fn summary(&self) -> String {
        summary(&self.violations)
    }
}
