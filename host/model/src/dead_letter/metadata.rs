//! The member of a dead letter that says why, and where the event stands. Knows no template.

use serde::{Deserialize, Serialize};
use tidegate_engine::{Attribute, Violation};

use super::names::Names;

/// Its name.
pub(super) const METADATA: &str = "dlq_metadata";

/// Why an event was dead-lettered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Metadata {
    /// When, RFC 3339.
    pub(super) failed_at: String,
    /// Why, in one line.
    pub(super) error: String,
    /// Retries made after the first attempt.
    pub(super) retry_count: u32,
    /// What is wrong with the event; empty when it is valid and could not be published.
    pub(super) violations: Vec<Violation>,
    /// Where it came from.
    pub(super) source: String,
    /// Digest of the policy that decided on it.
    pub(super) policy: String,
    /// Id of the dead letter.
    pub(super) id: String,
    /// JSON Pointer to the event in the dead letter: an object has the members of the event and this one; a string has its text, or
    /// its bytes in base64 where the name of the member ends so.
    pub(super) original: String,
    /// The names and the attributes of the event; absent where the dead letter itself has them as members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<Event>,
}

/// The names and the attributes of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    #[serde(flatten)]
    pub(super) names: Names,
    #[serde(default, with = "attributes", skip_serializing_if = "Vec::is_empty")]
    pub(super) attributes: Vec<Attribute>,
}

/// Attributes as an object of strings.
pub(super) mod attributes {
    use indexmap::IndexMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use tidegate_engine::Attribute;

    pub(in super::super) fn serialize<S: Serializer>(
        attributes: &[Attribute],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let map: IndexMap<_, _> = attributes
            .iter()
            .map(|attribute| (&attribute.name, &attribute.value))
            .collect();
        map.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Attribute>, D::Error> {
        let map = IndexMap::<String, String>::deserialize(deserializer)?;
        Ok(map.into_iter().map(|(name, value)| Attribute { name, value }).collect())
    }
}
