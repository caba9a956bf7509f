//! The event types of documents, with what was seen of each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{envelope::Envelope, shape::Shape};

/// The version of events that state none.
const ONLY_VERSION: &str = "1";

/// What was seen of one event type.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) count: usize,
    /// The versions that its events state.
    versions: BTreeSet<String>,
    pub(crate) shape: Shape,
    /// The shortest of its events.
    pub(crate) example: Value,
}

impl Seen {
    /// The versions that its events state, if there are several.
    pub(crate) fn several_versions(&self) -> Option<String> {
        let versions: Vec<_> = self.versions.iter().map(String::as_str).collect();
        (versions.len() > 1).then(|| versions.join(", "))
    }

    /// The one version of its events.
    pub(crate) fn version(&self) -> &str {
        self.versions.first().map_or(ONLY_VERSION, String::as_str)
    }
}

/// What was seen of each type, by its name.
pub(crate) fn seen(documents: &[Value], envelope: &Envelope) -> BTreeMap<String, Seen> {
    let mut types: BTreeMap<String, Seen> = BTreeMap::new();
    for document in documents {
        let name = envelope
            .event_type
            .find(document)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let seen = types.entry(name.to_owned()).or_insert_with(|| Seen {
            count: 0,
            versions: BTreeSet::new(),
            shape: Shape::default(),
            example: document.clone(),
        });
        seen.count += 1;
        seen.shape.see(document);
        let stated = envelope.version.as_ref().and_then(|place| place.find(document));
        seen.versions
            .extend(stated.map(|stated| stated.as_str().map_or_else(|| stated.to_string(), str::to_owned)));
        if document.to_string().len() < seen.example.to_string().len() {
            seen.example = document.clone();
        }
    }
    types
}
