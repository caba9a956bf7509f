//! How the sidecar is doing.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use tidegate_model::backend::BackendStatus;
use tokio::sync::Mutex;

use crate::Sidecar;

/// How long the sidecar's answer is kept.
const KEPT: Duration = Duration::from_secs(1);

/// How the sidecar is doing. Many probes at once ask it once.
#[derive(Debug)]
pub struct SidecarStatus {
    sidecar: Sidecar,
    known: Mutex<Option<(Instant, Option<String>)>>,
}

impl SidecarStatus {
    /// Nothing is asked yet.
    pub fn new(sidecar: Sidecar) -> Self {
        Self {
            sidecar,
            known: Mutex::new(None),
        }
    }
}

#[async_trait]
impl BackendStatus for SidecarStatus {
    fn name(&self) -> &'static str {
        "dapr"
    }

    async fn trouble(&self) -> Option<String> {
        let mut known = self.known.lock().await;
        if let Some((_, trouble)) = known.as_ref().filter(|(asked, _)| asked.elapsed() < KEPT) {
            return trouble.clone();
        }
        let trouble = self.sidecar.ready().await.err().map(|error| error.to_string());
        *known = Some((Instant::now(), trouble.clone()));
        trouble
    }

    /// Dapr's scheduler does not tell.
    async fn scheduled_retries(&self) -> Option<i64> {
        None
    }
}
