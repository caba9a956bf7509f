//! What the gate answers to `GET /dapr/subscribe`.

use serde_json::{Value, json};

use crate::config::Subscription;

/// The subscriptions as the sidecar wants to hear them. No dead-letter topic: the gate writes its own dead letters,
/// with the reason, and the sidecar would send the first retry there.
pub fn subscriptions(subscriptions: &[Subscription]) -> Value {
    subscriptions
        .iter()
        .map(|subscription| {
            json!({
                "pubsubname": subscription.topic.pubsub,
                "topic": subscription.topic.name,
                "metadata": { "rawPayload": subscription.raw_payload.to_string() },
                "routes": { "default": subscription.route },
            })
        })
        .collect()
}
