//! The names of an event that failed: what a dead letter is listed by.

use serde::{Deserialize, Serialize};
use tidegate_engine::PolicyCatalog;

use super::document::Document;
use crate::attributes::Attributes;

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

    /// The names of an event on which the policy made no decision: what stands at the places that its catalog names.
    pub fn of(event: &[u8], attributes: &Attributes, catalog: &PolicyCatalog) -> Self {
        let document = Document::of(event, attributes, catalog);
        let name = |pointer: Option<&str>| document.name(pointer?);
        let envelope = &catalog.envelope;
        Self {
            id: name(envelope.id.as_deref()),
            event_type: name(Some(&envelope.event_type)),
            key: name(envelope.key.as_deref()),
        }
    }
}
