//! Scheduler as topics, for clusters without Dapr's scheduler: a tier is a topic for delays of about one length.
//!
//! A record in a tier is a hold. It stays at the head of its partition for as long as the tier's delay, so those of a tier
//! go on in the order in which they came; what is not due by then goes to another tier. The component of these topics must
//! retry for ever and keep records longer than the longest delay.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::{Sidecar, unwrap};
use crate::{
    backend::{BackendError, Scheduler},
    clock,
    config::Tier,
    scheduled_retry::ScheduledRetry,
    pipeline::Ack,
    sink::PublishError,
};

/// How long a record that is not due is kept waiting before it is answered with RETRY.
const WAIT: Duration = Duration::from_secs(20);
/// Records that are kept waiting at a time; others are answered at once.
const WAITERS: usize = 256;

/// Tiers, the shortest first; at least one.
#[derive(Debug, Clone)]
pub struct RetryTopics {
    sidecar: Sidecar,
    tiers: Vec<Tier>,
    waiters: Arc<Semaphore>,
}

impl RetryTopics {
    /// Scheduler on these tiers.
    pub fn new(sidecar: Sidecar, tiers: Vec<Tier>) -> Self {
        Self {
            sidecar,
            tiers,
            waiters: Arc::new(Semaphore::new(WAITERS)),
        }
    }

    /// Goes on with the hold that a record of a tier brings, once it is due. True when the record is done.
    pub async fn record(
        &self,
        body: Bytes,
        resume: impl AsyncFnOnce(ScheduledRetry) -> Option<Ack>,
    ) -> Result<bool, BackendError> {
        let broken = |error| BackendError::broken("reading a record of a retry topic", error);
        let Ok(_waiter) = self.waiters.try_acquire() else {
            return Ok(false);
        };
        let record: Record = serde_json::from_slice(&unwrap(body, true).event).map_err(broken)?;
        let here = until(record.leaves);
        tokio::time::sleep(here.min(WAIT)).await;
        if here > WAIT {
            return Ok(false);
        }
        let left = until(record.due);
        if !left.is_zero() {
            self.put("putting a hold into another tier", record.due, left, record.hold)
                .await?;
            return Ok(true);
        }
        self.sidecar.resume(&record.hold, resume).await
    }

    async fn put(&self, action: &str, due: i64, wait: Duration, hold: String) -> Result<(), BackendError> {
        let Some(tier) = self.tier(wait) else {
            return Err(BackendError::refused(action, "there are no retry topics"));
        };
        let leaves = clock::unix_millis().saturating_add(clock::millis(tier.delay)).min(due);
        let record = Record { due, leaves, hold };
        let key = hex::encode(&Sha256::digest(&record.hold)[..8]);
        let record = serde_json::to_vec(&record).map_err(|error| BackendError::broken(action, error))?;
        match self.sidecar.publish_bytes(action, &tier.topic, &key, record).await {
            Ok(()) => Ok(()),
            Err(PublishError::Retryable(later)) => Err(later.error),
            Err(PublishError::Permanent(error)) => Err(error),
        }
    }

    /// The longest one that is not too long, else the shortest.
    fn tier(&self, wait: Duration) -> Option<&Tier> {
        let longest_below = self.tiers.iter().rev().find(|tier| tier.delay <= wait);
        longest_below.or(self.tiers.first())
    }
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Record {
    /// Milliseconds since 1970.
    due: i64,
    /// When it leaves its tier, milliseconds since 1970.
    leaves: i64,
    /// As a job would carry it.
    hold: String,
}

fn until(at: i64) -> Duration {
    Duration::from_millis(u64::try_from(at - clock::unix_millis()).unwrap_or(0))
}

#[async_trait]
impl Scheduler for RetryTopics {
    async fn hold(&self, hold: &ScheduledRetry, wait: Duration) -> Result<(), BackendError> {
        let action = format!("putting {} aside", hold.name());
        self.put(&action, hold.due, wait, self.sidecar.pack(hold).await?).await
    }
}
