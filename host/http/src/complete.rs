//! A delivery outlives its caller: it is processed on a task of its own.

use std::sync::Arc;

use tidegate_pipeline::{Ack, Pipeline};

use crate::{app::App, permit::Permit};

impl App {
    /// Runs `work` on a task of its own, so that a caller that hangs up does not stop it. `None`: it panicked.
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
