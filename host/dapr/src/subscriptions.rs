//! The answer to `GET /dapr/subscribe`.

use serde_json::{Value, json};
use tidegate_model::subscription::{Subscription, Topic};

use crate::Tier;

/// Path on which the records of a retry topic are delivered: its position in the order of delays.
pub(crate) fn tier_route(index: usize) -> String {
    format!("/retries/{index}")
}

/// The subscriptions in Dapr's format. They have no dead-letter topic: the gate writes dead letters itself, with the reason,
/// and the sidecar would send an event there at its first retry.
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
