//! Scheduled retries as records of topics, for clusters without Dapr's scheduler. A tier is a topic for delays of about one
//! length.
//!
//! A record waits at the head of its partition for the delay of its tier, so a tier is processed in order. A record that is
//! then not due moves to another tier. The component of these topics must retry for ever, and must keep records longer than
//! the longest delay.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tidegate_model::{
    backend::Scheduler,
    backend_error::BackendError,
    clock,
    envelope::{Headers, unwrap},
    message::PublishError,
    scheduled_retry::ScheduledRetry,
    subscription::Topic,
};
use tidegate_pipeline::Ack;
use tokio::sync::Semaphore;

use crate::Sidecar;

/// A topic for delays of about one length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// The topic.
    pub topic: Topic,
    /// The delay.
    pub delay: Duration,
}

/// How long a record that is not due waits before it is answered with RETRY.
const WAIT: Duration = Duration::from_secs(20);
/// Records that may wait at the same time. Others are answered at once.
const WAITERS: usize = 256;

/// The scheduler on retry topics. At least one tier, the shortest first.
#[derive(Debug, Clone)]
pub struct RetryTopics {
    sidecar: Sidecar,
    tiers: Vec<Tier>,
    waiters: Arc<Semaphore>,
}

impl RetryTopics {
    /// Schedules on these tiers.
    pub fn new(sidecar: Sidecar, tiers: Vec<Tier>) -> Self {
        Self {
            sidecar,
            tiers,
            waiters: Arc::new(Semaphore::new(WAITERS)),
        }
    }

    /// Processes the retry in a record of a tier, when it is due. True when the record is done.
    pub async fn record(
        &self,
        body: Bytes,
        resume: impl AsyncFnOnce(ScheduledRetry) -> Option<Ack>,
    ) -> Result<bool, BackendError> {
        let broken = |error| BackendError::broken("reading a record of a retry topic", error);
        let Ok(_waiter) = self.waiters.try_acquire() else {
            return Ok(false);
        };
        let record: Record = serde_json::from_slice(&unwrap(body, true, &Headers::NONE).event).map_err(broken)?;
        let wait = until(record.leaves);
        tokio::time::sleep(wait.min(WAIT)).await;
        if wait > WAIT {
            return Ok(false);
        }
        let delay = until(record.due);
        if !delay.is_zero() {
            self.put("moving a retry to another tier", record.due, delay, record.retry)
                .await?;
            return Ok(true);
        }
        self.sidecar.resume(&record.retry, resume).await
    }

    async fn put(&self, action: &str, due: i64, delay: Duration, retry: String) -> Result<(), BackendError> {
        let Some(tier) = self.tier(delay) else {
            return Err(BackendError::refused(action, "there are no retry topics"));
        };
        let leaves = clock::unix_millis().saturating_add(clock::millis(tier.delay)).min(due);
        let record = Record { due, leaves, retry };
        let key = hex::encode(&Sha256::digest(&record.retry)[..8]);
        let record = serde_json::to_vec(&record).map_err(|error| BackendError::broken(action, error))?;
        match self
            .sidecar
            .publish_bytes(action, &tier.topic, Some(&key), record)
            .await
        {
            Ok(()) => Ok(()),
            Err(PublishError::Retryable { error, .. } | PublishError::Permanent(error)) => Err(error),
        }
    }

    /// The tier with the longest delay up to `delay`, else the shortest.
    fn tier(&self, delay: Duration) -> Option<&Tier> {
        let longest_below = self.tiers.iter().rev().find(|tier| tier.delay <= delay);
        longest_below.or(self.tiers.first())
    }
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Record {
    /// Milliseconds since 1970.
    due: i64,
    /// When it leaves its tier, milliseconds since 1970.
    leaves: i64,
    /// The packed retry, as in a job.
    retry: String,
}

fn until(at: i64) -> Duration {
    Duration::from_millis(u64::try_from(at - clock::unix_millis()).unwrap_or(0))
}

#[async_trait]
impl Scheduler for RetryTopics {
    async fn schedule(&self, retry: &ScheduledRetry, delay: Duration) -> Result<(), BackendError> {
        let action = format!("scheduling {}", retry.name());
        self.put(&action, retry.due, delay, self.sidecar.pack(retry).await?)
            .await
    }
}
