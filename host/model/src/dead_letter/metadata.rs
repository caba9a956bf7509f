//! The member of a dead letter that says why, and where the event stands. Knows no template.

use serde::{Deserialize, Serialize};
use tidegate_engine::Violation;

use super::names::Names;
use crate::attributes::Attributes;

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
    /// JSON Pointer to the event in the dead letter.
    pub(super) original: String,
    /// How it stands there.
    pub(super) encoding: Encoding,
    /// The names and the attributes of the event; absent where the dead letter itself has them as members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<Event>,
}

/// The names and the attributes of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    #[serde(flatten)]
    pub(super) names: Names,
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub(super) attributes: Attributes,
}

/// How an event stands in a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    /// As an object with its members, and the metadata.
    Members,
    /// As a string.
    Text,
    /// As a string, in base64.
    Base64,
}
