//! The names of an event that failed: what a dead letter is listed by. Knows no policy but the places in its catalog.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tidegate_engine::Envelope;
use tidegate_text::number::is_plain_integer;

use crate::{attributes::Attributes, members::Members};

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

/// Bytes of the longest name in a dead letter or an alert, and of the longest key that they are published under. The event itself
/// has all of it.
const LONGEST: usize = 1024;
const LONGEST_KEY: usize = 256;

impl Names {
    /// Without names that are too long to be passed on: a topic of alerts has small records, and a key is part of an address.
    pub(super) fn bounded(&self) -> Self {
        let bounded = |name: &Option<String>, longest| name.clone().filter(|name| name.len() <= longest);
        Self {
            id: bounded(&self.id, LONGEST),
            event_type: bounded(&self.event_type, LONGEST),
            key: bounded(&self.key, LONGEST_KEY),
        }
    }

    /// The names of an event on which the policy made no decision: from the places that its catalog names, or from the attributes
    /// that CloudEvents has for them.
    pub fn of(event: &[u8], attributes: &Attributes, envelope: &Envelope) -> Self {
        let text = std::str::from_utf8(event).unwrap_or_default();
        let name = |pointer: Option<&str>, attribute: &str| {
            let member = pointer.and_then(|pointer| name(Members::at(text, pointer)?));
            member.or_else(|| attributes.text(attribute).map(str::to_owned))
        };
        Self {
            id: name(envelope.id.as_deref(), "id"),
            event_type: name(Some(&envelope.event_type), "type"),
            key: name(envelope.key.as_deref(), "subject"),
        }
    }
}

/// A name as text: a string, or an integer by its digits.
fn name(value: &RawValue) -> Option<String> {
    let digits = Some(value.get()).filter(|text| is_plain_integer(text));
    digits
        .map(str::to_owned)
        .or_else(|| serde_json::from_str(value.get()).ok())
}
