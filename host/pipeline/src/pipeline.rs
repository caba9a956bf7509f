//! What the pipeline is made of. Knows nothing of the path of a delivery.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tidegate_metrics::Metrics;
use tidegate_model::{
    backend::{Publisher, Scheduler},
    rate_limited_log::RateLimitedLog,
    revision::RolledBack,
};
use tidegate_policies::{reload::Reload, revisions::Revisions, shadow::Shadow};
use tokio::sync::mpsc::UnboundedSender;

use crate::{alert_windows::Alerts, claim::Claims, key_queue::KeyQueues};

/// Processes deliveries.
#[derive(Debug)]
pub struct Pipeline {
    /// The current revision and those before it.
    pub revisions: Arc<Revisions>,
    /// Keeps the denylist.
    pub reload: Arc<Reload>,
    /// Where each channel leads.
    pub channels: BTreeMap<String, Arc<dyn Publisher>>,
    /// Schedules retries.
    pub scheduler: Arc<dyn Scheduler>,
    /// Makes processing happen once.
    pub claims: Claims,
    /// Keeps the events of a key in order; `None`: ordering is off.
    pub queues: Option<KeyQueues>,
    /// The delays of retries.
    pub retries: Retries,
    /// The version in which events are published; `None`: that of each type.
    pub target_version: Option<String>,
    /// The alerts that are counted.
    pub alerts: Alerts,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// Judges a copy of the deliveries; `None`: there is no shadow policy.
    pub shadow: Option<Arc<Shadow>>,
    /// Notifies operations of automatic rollbacks.
    pub rollbacks: UnboundedSender<RolledBack>,
    /// Log lines about deliveries that are not acknowledged.
    pub requeued_log: RateLimitedLog,
    /// Log lines about records that were dropped without a policy.
    pub unjudged_log: RateLimitedLog,
    /// Log lines about events that could not be published.
    pub publish_log: RateLimitedLog,
}

/// The delays of retries.
#[derive(Debug, Clone, Copy)]
pub struct Retries {
    /// Factor on every delay.
    pub scale: f64,
    /// Faults on one event after which it is dead-lettered, if the policy decides on others.
    pub fault_limit: u32,
}

impl Retries {
    /// A delay, scaled.
    pub fn scaled(&self, delay: Duration) -> Duration {
        Duration::try_from_secs_f64(delay.as_secs_f64() * self.scale).unwrap_or(Duration::MAX)
    }
}
