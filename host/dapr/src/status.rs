//! The readiness of the sidecar, as the status of the backend.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use tidegate_model::backend::BackendStatus;
use tokio::sync::Mutex;

use crate::Sidecar;

/// How long an answer of the sidecar is used.
const KEPT: Duration = Duration::from_secs(1);

/// The readiness of the sidecar. Many probes at once cause one request.
#[derive(Debug)]
pub struct SidecarStatus {
    sidecar: Sidecar,
    /// The time of the last check, and why the sidecar was not ready.
    last: Mutex<Option<(Instant, Option<String>)>>,
}

impl SidecarStatus {
    /// Sends no request yet.
    pub fn new(sidecar: Sidecar) -> Self {
        Self {
            sidecar,
            last: Mutex::new(None),
        }
    }
}

#[async_trait]
impl BackendStatus for SidecarStatus {
    fn name(&self) -> &'static str {
        "dapr"
    }

    async fn unready_reason(&self) -> Option<String> {
        let mut last = self.last.lock().await;
        if let Some((_, reason)) = last.as_ref().filter(|(at, _)| at.elapsed() < KEPT) {
            return reason.clone();
        }
        let reason = self.sidecar.ready().await.err().map(|error| error.to_string());
        *last = Some((Instant::now(), reason.clone()));
        reason
    }

    /// Dapr's scheduler does not report it.
    async fn scheduled_retries(&self) -> Option<i64> {
        None
    }
}
