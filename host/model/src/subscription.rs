//! Topics, and which of them the gate subscribes to. Plain names: knows no broker.

use std::fmt;

/// A topic of a pub/sub component. The `sqlite` backend has no components and uses the name alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic {
    /// Name of the pub/sub component.
    pub pubsub: String,
    /// Name of the topic.
    pub name: String,
}

/// A topic that the gate reads events from.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Name of the subscription.
    pub name: String,
    /// The topic.
    pub topic: Topic,
    /// Path on which Dapr delivers.
    pub route: String,
    /// Whether Dapr delivers the broker's bytes in a wrapper.
    pub raw_payload: bool,
    /// What becomes of its tombstones.
    pub tombstones: Tombstones,
    /// Whether its events are claimed, so that duplicates are recognised.
    pub idempotent: bool,
}

/// What becomes of a tombstone, a record without a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tombstones {
    /// It is acknowledged, and counted as dropped.
    Drop,
    /// It is dead-lettered.
    #[default]
    DeadLetter,
}

/// `pubsub/name`.
impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pubsub, self.name)
    }
}
