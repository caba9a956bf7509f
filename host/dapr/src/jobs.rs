//! Scheduled retries as jobs. Dapr's scheduler keeps a job through any crash. It calls `POST /job/{name}` on a replica of
//! the gate until the answer is 2xx.
//!
//! A job's data is a string, since Dapr turns numbers in it into doubles.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use serde_json::json;
use tidegate_http::sink::refusal;
use tidegate_model::{backend::Scheduler, backend_error::BackendError, scheduled_retry::ScheduledRetry};
use tidegate_pipeline::Ack;

use crate::Sidecar;

/// The interval at which a failed callback is repeated. Without one, Dapr drops a job after four callbacks.
const CALLBACK_INTERVAL: &str = "2s";

#[async_trait]
impl Scheduler for Sidecar {
    async fn schedule(&self, retry: &ScheduledRetry, delay: Duration) -> Result<(), BackendError> {
        let name = retry.name();
        let action = format!("scheduling {name}");
        let job = json!({
            "dueTime": format!("{}ms", delay.as_millis()),
            "data": self.pack(retry).await?,
            "failurePolicy": { "constant": { "interval": CALLBACK_INTERVAL } },
        });
        let request = self.post_to(&["v1.0", "jobs", &name]).json(&job);
        let response = self.send(&action, request).await?;
        match response.status() {
            // It is already scheduled, by a delivery that got no answer.
            StatusCode::CONFLICT => Ok(()),
            status if status.is_success() => Ok(()),
            _ => Err(refusal(&action, response).await),
        }
    }
}

impl Sidecar {
    /// Processes the retry in a job's data. True when the job is done.
    pub async fn job(
        &self,
        data: &[u8],
        resume: impl AsyncFnOnce(ScheduledRetry) -> Option<Ack>,
    ) -> Result<bool, BackendError> {
        let packed: String = serde_json::from_slice(data).map_err(|error| {
            BackendError::broken("reading a job: does something else schedule jobs for this app?", error)
        })?;
        self.resume(&packed, resume).await
    }

    /// Processes a retry. True when it is acknowledged.
    pub(super) async fn resume(
        &self,
        packed: &str,
        resume: impl AsyncFnOnce(ScheduledRetry) -> Option<Ack>,
    ) -> Result<bool, BackendError> {
        let Some(retry) = self.unpack(packed).await? else {
            return Ok(true);
        };
        let done = matches!(resume(retry).await, Some(Ack::Done(_)));
        if done {
            self.mark_processed(packed).await;
        }
        Ok(done)
    }
}
