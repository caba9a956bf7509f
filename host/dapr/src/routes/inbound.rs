//! What the sidecar's routes share: where events and retries come from, and who schedules the retries.

use tidegate_model::subscription::Subscription;

use crate::{RetryTopics, Sidecar, Tier};

/// The topics and schedulers behind the routes.
#[derive(Debug)]
pub struct Inbound {
    /// Topics that events come from.
    pub subscriptions: Vec<Subscription>,
    /// Topics that scheduled retries come from.
    pub tiers: Vec<Tier>,
    /// The scheduler that reads these topics.
    pub retry_topics: Option<RetryTopics>,
    /// The sidecar whose jobs call back, on the `dapr` backend.
    pub sidecar: Option<Sidecar>,
}
