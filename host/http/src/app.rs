//! What the routes share, and how a request is carried to its end.

use std::sync::Arc;

use tidegate_model::{backend::BackendStatus, secret::Secret};
use tidegate_pipeline::{Ack, Pipeline};
use tidegate_policies::reload::Reload;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Limits, Permit};

/// What the routes share.
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
    /// Permits for requests with a body; a full gate says so at once instead of queueing.
    pub permits: Arc<Semaphore>,
    /// Requests that have a permit and are not done: what a gate that stops waits for.
    pub in_flight: TaskTracker,
    /// Set when the gate stops: what is in flight is finished, nothing new is taken.
    pub stopping: CancellationToken,
}

impl App {
    /// Runs `work` to its end on a task of its own: a caller that hangs up must not stop it half way. `None`: it panicked.
    pub async fn complete<F>(&self, permit: Permit, work: impl FnOnce(Arc<Pipeline>) -> F) -> Option<Ack>
    where
        F: Future<Output = Ack> + Send + 'static,
    {
        let work = work(self.pipeline.clone());
        let completed = tokio::spawn(async move {
            let _permit = permit;
            work.await
        });
        completed.await.ok()
    }
}
