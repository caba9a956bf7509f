//! Is this event valid? Reads it, finds its type and version, checks it against their schema and then against the rules that a
//! schema cannot express. Changes nothing and sends nothing.

use serde_json::{Map, Value};

use crate::contract::{Accepted, Rejection, RejectionCause, Violation};
use crate::event::Event;
use crate::known::KnownType;
use crate::parse::{Bounds, read_object};
use crate::place::Place;
use crate::policy::Policy;
use crate::violation::{code, in_order, quoted, summary};

impl Policy {
    /// Judges one event. Any bytes get an answer.
    pub fn validate(&self, event: &[u8]) -> Result<Accepted, Rejection> {
        let event = self.read(event, self.bounds())?;
        Ok(Accepted {
            event_id: event.id().to_owned(),
            event_type: event.kind.name.clone(),
            event_version: event.known_version().name.clone(),
            key: event.key().to_owned(),
        })
    }

    /// Reads an event within bounds and judges it.
    pub(crate) fn read(&self, event: &[u8], bounds: Bounds) -> Result<Event<'_>, Rejection> {
        let members = read_object(event, bounds).map_err(|violations| Rejection {
            cause: RejectionCause::Unreadable,
            event_id: None,
            event_type: None,
            violations,
        })?;
        self.judge(members)
    }

    /// Judges an object.
    pub(crate) fn judge(&self, members: Map<String, Value>) -> Result<Event<'_>, Rejection> {
        let (kind, version) = match self.find(&members) {
            Ok(found) => found,
            Err(violations) => return Err(self.reject(RejectionCause::Unknown, &Value::Object(members), violations)),
        };
        let value = Value::Object(members);
        let violations = self.check(kind, version, &value);
        if !violations.is_empty() {
            return Err(self.reject(RejectionCause::Invalid, &value, violations));
        }
        Ok(Event {
            policy: self,
            value,
            kind,
            version,
        })
    }

    /// Finds the type and version of an event.
    fn find(&self, members: &Map<String, Value>) -> Result<(&KnownType, usize), Vec<Violation>> {
        let mut violations = Vec::new();
        let place = &self.envelope.event_type;
        let kind = match place.find(members) {
            Some(Value::String(name)) => self.event_type(name).or_else(|| {
                let message = format!("the event type {} is not known", quoted(name));
                violations.push(Violation::new(code::UNKNOWN_EVENT_TYPE, place.pointer(), message));
                None
            }),
            Some(_) => {
                violations.push(must_be_a_string(place));
                None
            }
            None => {
                violations.push(is_required(place));
                None
            }
        };
        let Some(place) = &self.envelope.version else {
            return kind.map(|kind| (kind, kind.default_version)).ok_or(violations);
        };
        match place.find(members) {
            None => {
                if let Some(kind) = kind {
                    return Ok((kind, kind.default_version));
                }
            }
            Some(Value::String(version)) => {
                if let Some(kind) = kind {
                    if let Some(at) = kind.version_at(version) {
                        return Ok((kind, at));
                    }
                    let message = format!(
                        "{} has no version {}; known: {}",
                        kind.name,
                        quoted(version),
                        kind.version_list()
                    );
                    violations.push(Violation::new(code::UNKNOWN_VERSION, place.pointer(), message));
                }
            }
            Some(_) => violations.push(must_be_a_string(place)),
        }
        Err(in_order(violations))
    }

    /// The violations of an object that should be an event of this type and version.
    pub(crate) fn check(&self, kind: &KnownType, version: usize, event: &Value) -> Vec<Violation> {
        let schema = &kind.versions[version].schema;
        let members = event.as_object();
        let mut broken = self.check_names(event);
        broken.extend(
            members
                .into_iter()
                .flat_map(|members| self.rules.iter().filter_map(|rule| rule(members))),
        );
        if broken.is_empty() && schema.holds(event) {
            return Vec::new();
        }
        broken.extend(schema.violations(event));
        in_order(broken)
    }

    /// The id and the key are strings, whatever the schema says: the id names the claim, and the key the partition.
    fn check_names(&self, event: &Value) -> Vec<Violation> {
        let mut broken = Vec::new();
        for (place, may_be_empty) in [(&self.envelope.id, false), (&self.envelope.key, true)] {
            match event.as_object().and_then(|members| place.find(members)) {
                None => broken.push(is_required(place)),
                Some(Value::String(text)) if text.is_empty() && !may_be_empty => {
                    broken.push(Violation::new(code::MIN_LENGTH, place.pointer(), "must not be empty"));
                }
                Some(Value::String(_)) => {}
                Some(_) => broken.push(must_be_a_string(place)),
            }
        }
        broken
    }

    fn reject(&self, cause: RejectionCause, event: &Value, violations: Vec<Violation>) -> Rejection {
        let text = |place: &Place| place.text(event).map(str::to_owned);
        Rejection {
            cause,
            event_id: text(&self.envelope.id),
            event_type: text(&self.envelope.event_type),
            violations,
        }
    }
}

impl Rejection {
    /// The first violation in one line, and how many more there are.
    pub fn summary(&self) -> String {
        summary(&self.violations)
    }
}

fn is_required(place: &Place) -> Violation {
    Violation::new(code::REQUIRED, place.pointer(), format!("{} is required", place.name()))
}

fn must_be_a_string(place: &Place) -> Violation {
    Violation::new(code::TYPE, place.pointer(), "must be a string")
}
