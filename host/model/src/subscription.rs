//! Topics, and which of them events come from.

use std::fmt;

/// A topic of a pub/sub component. The `sqlite` backend has topics alone and looks at the name only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic {
    /// Name of the pub/sub component.
    pub pubsub: String,
    /// Name of the topic.
    pub name: String,
}

/// A topic that events come from.
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
    /// Whether its events are claimed, so that duplicates are recognised.
    pub idempotent: bool,
}

/// `pubsub/name`.
impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pubsub, self.name)
    }
}
