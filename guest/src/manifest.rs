//! The manifest of a bundle: event types, their channels, retries and versions, and where an event states its names. Knows
//! nothing of schemas and code.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::contract::Limits;
use crate::delays::Delays;
use crate::envelope::Envelope;
use crate::operation::Operation;
use crate::unique;

/// The content of `policy.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the policy, for people.
    pub name: String,
    /// Version of the policy, for people.
    pub version: String,
    /// Limits of an event.
    #[serde(default)]
    pub limits: EventLimits,
    /// Where an event states its id, its type and so on.
    pub envelope: Envelope,
    /// Retries of types that set none of their own.
    #[serde(default)]
    pub retry: RetryDefaults,
    /// The event types, by the names that events state.
    #[serde(deserialize_with = "unique::map")]
    pub event_types: IndexMap<String, EventType>,
}

/// Limits of an event; absent: 1 MiB, and 128 levels.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventLimits {
    /// Longest event, in bytes of UTF-8.
    pub event_bytes: u32,
    /// Deepest nesting of arrays and objects; `[]` has depth 1.
    pub depth: u32,
}

/// Retries of types that set none of their own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryDefaults {
    /// The delays before each retry, for unknown types too.
    #[serde(default)]
    pub default: Delays,
}

/// One event type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventType {
    /// The channel on which it leaves; absent: valid events of this type are dropped.
    #[serde(default, deserialize_with = "channel", skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// False for types that the policy sends and never accepts.
    #[serde(default = "yes")]
    pub accepted: bool,
    /// The delays before each retry; absent: the default; empty: never retried.
    #[serde(default)]
    pub retry: Option<Delays>,
    /// Whether the user gets an alert when an event of this type is dead-lettered.
    #[serde(default)]
    pub alerts_user: bool,
    /// The file of each version's schema, by the names that events state; oldest first.
    #[serde(deserialize_with = "unique::map")]
    pub versions: IndexMap<String, String>,
    /// The version of an event that names none; absent: the only one.
    #[serde(default)]
    pub default_version: Option<String>,
    /// How an event of one version becomes one of another, and back.
    #[serde(default)]
    pub migrations: Vec<Migration>,
}

/// How an event of one version becomes one of another, and back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// The older version.
    pub from: String,
    /// The newer version.
    pub to: String,
    /// What is done on the way up, in this order, and undone on the way down.
    #[serde(rename = "do")]
    pub operations: Vec<Operation>,
}

impl EventType {
    /// A type that is accepted and leaves on a channel, with the default retries and no version yet.
    pub fn new(channel: impl Into<String>) -> Self {
        Self {
            channel: Some(channel.into()),
            accepted: true,
            retry: None,
            alerts_user: false,
            versions: IndexMap::new(),
            default_version: None,
            migrations: Vec::new(),
        }
    }
}

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            event_bytes: 1 << 20,
            depth: 128,
        }
    }
}

impl From<EventLimits> for Limits {
    fn from(EventLimits { event_bytes, depth }: EventLimits) -> Self {
        Self { event_bytes, depth }
    }
}

/// A name: `channel:` with nothing after it would drop every event.
fn channel<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let found = Option::<String>::deserialize(deserializer)?;
    match found.as_deref() {
        None | Some("") => Err(D::Error::custom(
            "a channel has a name; leave `channel` out to drop valid events of this type",
        )),
        Some(_) => Ok(found),
    }
}

fn yes() -> bool {
    true
}
