//! The manifest of a bundle: event types, their channels, retries and versions, and where an event states its names. Knows
//! nothing of schemas and code.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::conditions::{Channels, DropRule, ExpressionRule, SharedRule};
use crate::contract::Limits;
use crate::delays::Delays;
use crate::emits::Emits;
use crate::envelope::{CloudEvents, Envelope, IdScope};
use crate::operation::{Operation, Way, apply_all};
use crate::operation_fields::Reject;
use crate::place::Place;
use crate::steps::{Members, StepError};
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
    /// The CloudEvents attributes that stand for members.
    #[serde(default)]
    pub cloudevents: CloudEvents,
    /// Among which events an id is unique; absent: those of a source, where it is an attribute, else those of a type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_scope: Option<IdScope>,
    /// Whether a repeat is recognised; absent: it is.
    #[serde(default)]
    pub idempotency: Idempotency,
    /// Retries of types that set none of their own.
    #[serde(default)]
    pub retry: RetryDefaults,
    /// The event types, by the names that events state.
    #[serde(deserialize_with = "unique::map")]
    pub event_types: IndexMap<String, EventType>,
    /// Migrations for several event types; one that a type has of its own goes before them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<SharedMigration>,
    /// Rules for several event types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<SharedRule>,
    /// How dead letters look and where they go.
    #[serde(default)]
    pub dead_letters: DeadLetters,
    /// The channels that receive alerts about dead letters, and of which event types.
    #[serde(default, deserialize_with = "unique::map")]
    pub alerts: IndexMap<String, Alerted>,
}

/// Whether a repeat is recognised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Idempotency {
    /// An event is claimed by its id.
    #[default]
    On,
    /// Each delivery is another event.
    Off,
}

/// How dead letters look and where they go; absent: on the channel `dlq`, in the gate's own form.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeadLetters {
    /// The channel.
    pub channel: String,
    /// Their event type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// How one looks. The contract says what a template is; hosts check it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Value>,
}

/// The event types about whose dead letters a channel receives alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Alerted {
    /// `all`: all of them, and events whose type could not be read.
    All,
    /// These.
    Types(Vec<String>),
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
    /// The channels on which it leaves; absent: valid events of this type are dropped.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channels>,
    /// False for types that the policy sends and never accepts.
    #[serde(default = "yes")]
    pub accepted: bool,
    /// The delays before each retry; absent: the default; empty: never retried.
    #[serde(default)]
    pub retry: Option<Delays>,
    /// Where an event states the time before which it must not leave; absent: it leaves at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Place>,
    /// The file of each version's schema, by the names that events state; oldest first.
    #[serde(deserialize_with = "unique::map")]
    pub versions: IndexMap<String, String>,
    /// The version of an event that names none; absent: the only one.
    #[serde(default)]
    pub default_version: Option<String>,
    /// The version in which events leave; absent: the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_version: Option<String>,
    /// How an event of one version becomes one of another, and back.
    #[serde(default)]
    pub migrations: Vec<Migration>,
    /// What must be true of an event, and no schema can express.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ExpressionRule>,
    /// Which valid events are sent nowhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<DropRule>,
    /// The events that follow from one of this type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emits: Vec<Emits>,
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
    /// Whether the older version cannot hold every event of the newer one, and the author means those to be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Reject>,
}

impl Migration {
    /// Does the operations, or undoes them. The version that the event states stays.
    pub fn apply(&self, way: Way, members: &mut Members) -> Result<(), StepError> {
        apply_all(&self.operations, way, members)
    }

    /// How many operations there are, those inside of others among them.
    pub(crate) fn size(&self) -> usize {
        self.operations.iter().map(Operation::size).sum()
    }

    /// Whether an event may lose something on this way.
    pub fn is_lossy(&self, way: Way) -> bool {
        self.operations.iter().any(|operation| operation.is_lossy(way))
    }
}

/// A migration for several event types.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "RawSharedMigration", into = "RawSharedMigration")]
pub struct SharedMigration {
    /// The types; absent: all that have both versions.
    pub event_types: Option<Vec<String>>,
    /// The migration.
    pub migration: Migration,
}

/// Not `flatten`, which would take unknown fields.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSharedMigration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_types: Option<Vec<String>>,
    from: String,
    to: String,
    #[serde(rename = "do")]
    operations: Vec<Operation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    otherwise: Option<Reject>,
}

impl EventType {
    /// A type that is accepted and leaves on a channel, with the default retries and no version yet.
    pub fn new(channel: impl Into<String>) -> Self {
        Self {
            channel: Some(Channels::one(channel)),
            accepted: true,
            retry: None,
            not_before: None,
            versions: IndexMap::new(),
            default_version: None,
            target_version: None,
            migrations: Vec::new(),
            rules: Vec::new(),
            drop: Vec::new(),
            emits: Vec::new(),
        }
    }
}

impl Default for DeadLetters {
    fn default() -> Self {
        Self {
            channel: "dlq".to_owned(),
            event_type: "tidegate.dead-letter".to_owned(),
            template: None,
        }
    }
}

impl From<RawSharedMigration> for SharedMigration {
    fn from(raw: RawSharedMigration) -> Self {
        Self {
            event_types: raw.event_types,
            migration: Migration {
                from: raw.from,
                to: raw.to,
                operations: raw.operations,
                otherwise: raw.otherwise,
            },
        }
    }
}

impl From<SharedMigration> for RawSharedMigration {
    fn from(SharedMigration { event_types, migration }: SharedMigration) -> Self {
        Self {
            event_types,
            from: migration.from,
            to: migration.to,
            operations: migration.operations,
            otherwise: migration.otherwise,
        }
    }
}

impl TryFrom<Value> for Alerted {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value == "all" {
            return Ok(Self::All);
        }
        serde_json::from_value(value).map(Self::Types).map_err(|_| {
            "a channel receives alerts about `all` dead letters, or about a list of event types".to_owned()
        })
    }
}

impl From<Alerted> for Value {
    fn from(alerted: Alerted) -> Self {
        match alerted {
            Alerted::All => "all".into(),
            Alerted::Types(types) => types.into(),
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

/// A key with nothing after it is not an absent one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Channels>, D::Error> {
    Channels::deserialize(deserializer).map(Some)
}

fn yes() -> bool {
    true
}
