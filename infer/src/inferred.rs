//! What was inferred, as data.

use serde::Serialize;
use serde_json::{Map, Value};

/// What was inferred from sample events.
#[derive(Debug, Clone, Serialize)]
pub struct Inferred {
    /// The samples, repeats left out.
    pub events: usize,
    /// Where the events state what, by the names of a manifest: JSON Pointers.
    pub envelope: Map<String, Value>,
    /// The CloudEvents attributes that stand for members.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub cloudevents: Map<String, Value>,
    /// The event types, by name.
    pub event_types: Vec<InferredType>,
    /// What a person should check.
    pub check: Vec<String>,
}

/// An event type.
#[derive(Debug, Clone, Serialize)]
pub struct InferredType {
    /// Its name.
    pub name: String,
    /// Its samples.
    pub events: usize,
    /// Where its events go.
    pub channel: String,
    /// Its versions, oldest first.
    pub versions: Vec<InferredVersion>,
}

/// A version of an event type.
#[derive(Debug, Clone, Serialize)]
pub struct InferredVersion {
    /// Its name, as events state it.
    pub version: String,
    /// Its samples.
    pub events: usize,
    /// The file of its schema.
    pub file: String,
    #[serde(skip)]
    pub(crate) schema: Value,
}

/// The file of a schema.
#[derive(Debug, Clone)]
pub struct SchemaFile {
    /// Its path in the folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Inferred {
    /// The schemas, one a version.
    pub fn schemas(&self) -> Vec<SchemaFile> {
        let file = |version: &InferredVersion| SchemaFile {
            path: version.file.clone(),
            text: format!("{:#}\n", version.schema),
        };
        let versions = self.event_types.iter().flat_map(|event_type| &event_type.versions);
        versions.map(file).collect()
    }

    /// The channels, sorted.
    pub fn channels(&self) -> Vec<String> {
        let mut channels: Vec<_> = self
            .event_types
            .iter()
            .map(|event_type| event_type.channel.clone())
            .collect();
        channels.sort();
        channels.dedup();
        channels
    }
}
