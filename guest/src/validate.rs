//! Is this event valid? Reads it, finds its type and version, checks it against their schema and then against the rules that a
//! schema cannot express. Changes nothing and sends nothing.

use serde_json::{Map, Value};

use crate::contract::{Accepted, Rejection, RejectionCause, Violation};
use crate::event::{DEFAULT_VERSION, Event};
use crate::known::KnownType;
use crate::parse::{Bounds, read_object};
use crate::policy::Policy;
use crate::violation::{code, in_order, quoted, summary};

impl Policy {
    /// Judges one event. Any bytes get an answer.
    pub fn validate(&self, event: &[u8]) -> Result<Accepted, Rejection> {
        let event = self.read(event, self.bounds())?;
        Ok(Accepted {
            event_id: event.text("event_id").to_owned(),
            event_type: event.kind.name.clone(),
            event_version: event.known_version().name.clone(),
            key: event.text("user_id").to_owned(),
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
        match self.find(&members) {
            Ok((kind, version)) => {
                let value = Value::Object(members);
                let violations = check(kind, version, &value);
                if violations.is_empty() {
                    Ok(Event { value, kind, version })
                } else {
                    Err(reject(RejectionCause::Invalid, &value, violations))
                }
            }
            Err(violations) => Err(reject(RejectionCause::Unknown, &Value::Object(members), violations)),
        }
    }

    /// Finds the type and version of an event.
    fn find(&self, members: &Map<String, Value>) -> Result<(&KnownType, usize), Vec<Violation>> {
        let mut violations = Vec::new();
        let kind = match members.get("event_type") {
            Some(Value::String(name)) => self.event_type(name).or_else(|| {
                let message = format!("the event type {} is not known", quoted(name));
                violations.push(Violation::new(code::UNKNOWN_EVENT_TYPE, "/event_type", message));
                None
            }),
            Some(_) => {
                violations.push(Violation::new(code::TYPE, "/event_type", "must be a string"));
                None
            }
            None => {
                violations.push(Violation::new(code::REQUIRED, "/event_type", "event_type is required"));
                None
            }
        };
        let version = match members.get("event_version") {
            Some(Value::String(version)) => Some(version.as_str()),
            Some(_) => {
                violations.push(Violation::new(code::TYPE, "/event_version", "must be a string"));
                None
            }
            None => Some(DEFAULT_VERSION),
        };
        if let (Some(kind), Some(version)) = (kind, version) {
            if let Some(at) = kind.version_at(version) {
                return Ok((kind, at));
            }
            let message = format!(
                "{} has no version {}; known: {}",
                kind.name,
                quoted(version),
                kind.version_list()
            );
            violations.push(Violation::new(code::UNKNOWN_VERSION, "/event_version", message));
        }
        Err(in_order(violations))
    }
}

impl Rejection {
    /// The first violation in one line, and how many more there are.
    pub fn summary(&self) -> String {
        summary(&self.violations)
    }
}

/// The violations of an object that should be an event of this type and version.
pub(crate) fn check(kind: &KnownType, version: usize, event: &Value) -> Vec<Violation> {
    let schema = &kind.versions[version].schema;
    let empty_user = user_is_empty(event);
    if !empty_user && schema.holds(event) {
        return Vec::new();
    }
    let mut violations = schema.violations(event);
    if empty_user {
        violations.push(Violation::new(
            code::EMPTY_USER_ID,
            "/user_id",
            "user_id must not be empty or only white space",
        ));
    }
    in_order(violations)
}

fn user_is_empty(event: &Value) -> bool {
    event
        .get("user_id")
        .and_then(Value::as_str)
        .is_some_and(|user| user.trim().is_empty())
}

fn reject(cause: RejectionCause, event: &Value, violations: Vec<Violation>) -> Rejection {
    let text = |name| event.get(name).and_then(Value::as_str).map(str::to_owned);
    Rejection {
        cause,
        event_id: text("event_id"),
        event_type: text("event_type"),
        violations,
    }
}
