//! What the gate answers to `GET /dapr/subscribe`.

use serde_json::{Value, json};

use crate::config::{Subscription, Tier, Topic};

/// Path on which the records of a retry topic are delivered, by its place in the order of delays.
pub fn tier_route(index: usize) -> String {
    format!("/held/{index}")
}

/// The subscriptions as the sidecar wants to hear them. No dead-letter topic: the gate writes its own dead letters,
/// with the reason, and the sidecar would send the first retry there.
pub fn subscriptions(subscriptions: &[Subscription], tiers: &[Tier]) -> Value {
    let events = subscriptions
        .iter()
        .map(|subscription| item(&subscription.topic, subscription.raw_payload, &subscription.route));
    let holds = tiers
        .iter()
        .enumerate()
        .map(|(index, tier)| item(&tier.topic, true, &tier_route(index)));
    events.chain(holds).collect()
}

fn item(topic: &Topic, raw_payload: bool, route: &str) -> Value {
    json!({
        "pubsubname": topic.pubsub,
        "topic": topic.name,
        "metadata": { "rawPayload": raw_payload.to_string() },
        "routes": { "default": route },
    })
}
