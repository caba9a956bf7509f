//! Scheduler as jobs. Dapr's scheduler keeps a job through any crash and calls `POST /job/{name}` on a replica of the gate
//! until that answers 2xx.
//!
//! A hold travels as a string: Dapr turns numbers in a job's data into doubles.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use serde_json::json;

use super::Sidecar;
use crate::{
    backend::{BackendError, Scheduler},
    scheduled_retry::ScheduledRetry,
    pipeline::Ack,
    sink::refusal,
};

/// How soon a callback that failed is made again. Without an interval, a job is tried four times and dropped.
const CALL_AGAIN: &str = "2s";

#[async_trait]
impl Scheduler for Sidecar {
    async fn hold(&self, hold: &ScheduledRetry, wait: Duration) -> Result<(), BackendError> {
        let name = hold.name();
        let action = format!("putting {name} aside");
        let job = json!({
            "dueTime": format!("{}ms", wait.as_millis()),
            "data": self.pack(hold).await?,
            "failurePolicy": { "constant": { "interval": CALL_AGAIN } },
        });
        let request = self.post_to(&["v1.0", "jobs", &name]).json(&job);
        let response = self.send(&action, request).await?;
        match response.status() {
            // It was put aside before, by a delivery that did not get to say so.
            StatusCode::CONFLICT => Ok(()),
            status if status.is_success() => Ok(()),
            _ => Err(refusal(&action, response).await),
        }
    }
}

impl Sidecar {
    /// Goes on with the hold that a job brings. True when the job is done.
    pub async fn job(&self, data: &[u8], resume: impl AsyncFnOnce(ScheduledRetry) -> Option<Ack>) -> Result<bool, BackendError> {
        let packed: String = serde_json::from_slice(data)
            .map_err(|error| BackendError::broken("reading a job: who else makes jobs for this app?", error))?;
        self.resume(&packed, resume).await
    }

    /// Goes on with a hold as it came. True when it has come to its end, or was put aside anew.
    pub(super) async fn resume(
        &self,
        packed: &str,
        resume: impl AsyncFnOnce(ScheduledRetry) -> Option<Ack>,
    ) -> Result<bool, BackendError> {
        let Some(hold) = self.unpack(packed).await? else {
            return Ok(true);
        };
        let done = matches!(resume(hold).await, Some(Ack::Done(_)));
        if done {
            self.ended(packed).await;
        }
        Ok(done)
    }
}
