//! The answer to `GET /dapr/subscribe`.

use serde_json::{Value, json};
use tidegate_model::subscription::{Subscription, Topic};

use crate::Tier;

/// Path on which the records of a retry topic are delivered, by its position in the order of delays.
pub(crate) fn tier_route(index: usize) -> String {
    format!("/retries/{index}")
}

/// The subscriptions as the sidecar reads them. No dead-letter topic: the gate writes its own dead letters, with the
/// reason, and the sidecar would send the first retry there.
pub(crate) fn subscriptions(subscriptions: &[Subscription], tiers: &[Tier]) -> Value {
    let events = subscriptions
        .iter()
        .map(|subscription| item(&subscription.topic, subscription.raw_payload, &subscription.route));
    let retries = tiers
        .iter()
        .enumerate()
        .map(|(index, tier)| item(&tier.topic, true, &tier_route(index)));
    events.chain(retries).collect()
}

fn item(topic: &Topic, raw_payload: bool, route: &str) -> Value {
    json!({
        "pubsubname": topic.pubsub,
        "topic": topic.name,
        "metadata": { "rawPayload": raw_payload.to_string() },
        "routes": { "default": route },
    })
}
