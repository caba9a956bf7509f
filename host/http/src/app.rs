//! What all routes share: the pipeline, the limits, and whether the gate is stopping.

use std::sync::Arc;

use tidegate_model::{backend::BackendStatus, secret::Secret};
use tidegate_pipeline::Pipeline;
use tidegate_policies::reload::Reload;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::limits::Limits;

/// The state of the listeners.
#[derive(Debug)]
pub struct App {
    /// Processes deliveries.
    pub pipeline: Arc<Pipeline>,
    /// Replaces the policy.
    pub reload: Arc<Reload>,
    /// How the backend is doing.
    pub backend: Arc<dyn BackendStatus>,
    /// The token that callers must show.
    pub token: Option<Secret>,
    /// Bounds of requests.
    pub limits: Limits,
    /// How many permits there are.
    pub concurrency: usize,
    /// Permits for requests with a body. A full gate refuses at once and queues nothing.
    pub permits: Arc<Semaphore>,
    /// Requests that have a permit and are not finished. A gate that stops waits for them.
    pub in_flight: TaskTracker,
    /// Cancelled when the gate stops: requests in flight are finished, new ones are refused.
    pub stopping: CancellationToken,
}
