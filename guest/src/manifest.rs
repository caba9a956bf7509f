//! The manifest of a bundle: event types, their channels, retries and versions, and where an event states its names. Knows
//! nothing of schemas and code.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::contract::Limits;
use crate::delays::Delays;
use crate::envelope::Envelope;
use crate::unique;

/// The content of `policy.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the policy, for people.
    pub name: String,
    /// Version of the policy, for people.
    pub version: String,
    /// Limits of an event; absent: 1 MiB, and 128 levels.
    #[serde(default = "limits")]
    pub limits: Limits,
    /// Where an event states its id, its type and so on.
    pub envelope: Envelope,
    /// Retries of types that set none of their own.
    #[serde(default)]
    pub retry: RetryDefaults,
    /// The event types, by the names that events state.
    #[serde(deserialize_with = "unique::map")]
    pub event_types: IndexMap<String, EventType>,
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
    #[serde(default)]
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
        }
    }
}

fn limits() -> Limits {
    Limits {
        event_bytes: 1 << 20,
        depth: 128,
    }
}

fn yes() -> bool {
    true
}
