//! The names of an event that failed: what a dead letter is listed by. Knows no policy but the places in its catalog.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidegate_engine::{Attribute, Envelope};
use tidegate_text::number::is_plain_integer;

/// The names of an event, as far as they could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Its id.
    pub id: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// Its partition key.
    pub key: Option<String>,
}

impl Names {
    /// The names of an event on which the policy made no decision: from the places that its catalog names, or from the attributes
    /// that CloudEvents has for them.
    pub fn of(event: &[u8], attributes: &[Attribute], envelope: &Envelope) -> Self {
        let event: Value = serde_json::from_slice(event).unwrap_or_default();
        let name = |pointer: Option<&str>, attribute: &str| {
            let member = pointer.and_then(|pointer| event.pointer(pointer)).and_then(text);
            let named = || attributes.iter().find(|other| other.name == attribute);
            member.or_else(|| named().map(|found| found.value.clone()))
        };
        Self {
            id: name(envelope.id.as_deref(), "id"),
            event_type: name(Some(&envelope.event_type), "type"),
            key: name(envelope.key.as_deref(), "subject"),
        }
    }
}

/// A name as text: a string, or an integer by its digits.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()).filter(|digits| is_plain_integer(digits)),
        _ => None,
    }
}
