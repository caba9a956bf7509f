//! What a policy knows and what it may do, for a host that wants to check all of it. Judges nothing.

use serde::Serialize;

use crate::bundle::Limits;
use crate::policy::{KnownType, Policy};

/// What a policy knows and what it may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Catalog {
    /// Name of the policy, for people.
    pub name: String,
    /// Version of the policy, for people.
    pub version: String,
    /// All event types, sorted by name.
    pub event_types: Vec<EventTypeInfo>,
    /// Every channel on which the policy may send, sorted.
    pub channels: Vec<String>,
    /// Bounds of an event.
    pub limits: Limits,
}

/// One event type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventTypeInfo {
    /// The value of `event_type`.
    pub name: String,
    /// Its versions, oldest first; at least one.
    pub versions: Vec<VersionInfo>,
    /// The version that `process` migrates to when the caller asks for none.
    pub latest: String,
    /// False for types that the policy sends and never takes in.
    pub accepted: bool,
    /// The channel on which it leaves; absent: valid events of this type are dropped.
    pub channel: Option<String>,
    /// Milliseconds to wait before each retry; empty: never retried.
    pub retry_delays_ms: Vec<u32>,
}

/// One version of an event type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionInfo {
    /// The value of `event_version`.
    pub version: String,
    /// A valid event of this type and version, as JSON text.
    pub example: String,
}

impl Policy {
    /// Lists what the policy knows.
    pub fn catalog(&self) -> Catalog {
        let mut channels: Vec<String> = self.types.iter().filter_map(|known| known.channel.clone()).collect();
        channels.sort();
        channels.dedup();
        Catalog {
            name: self.name.clone(),
            version: self.version.clone(),
            event_types: self.types.iter().map(info).collect(),
            channels,
            limits: self.limits,
        }
    }
}

fn info(known: &KnownType) -> EventTypeInfo {
    EventTypeInfo {
        name: known.name.clone(),
        versions: known
            .versions
            .iter()
            .map(|version| VersionInfo {
                version: version.name.clone(),
                example: version.example.clone(),
            })
            .collect(),
        latest: known
            .versions
            .last()
            .map(|version| version.name.clone())
            .unwrap_or_default(),
        accepted: known.accepted,
        channel: known.channel.clone(),
        retry_delays_ms: known.schedule.delays_ms.clone(),
    }
}
