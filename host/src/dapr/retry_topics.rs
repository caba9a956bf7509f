//! Timers as topics, for clusters without Dapr's scheduler: a tier is a topic for delays of about one length.
//!
//! A record in a tier is a hold. It is answered with RETRY until it is due, which keeps its partition waiting: holds of
//! equal delay are due in the order in which they lie there, so nothing waits longer than it must. A delay that is no
//! tier's goes to the longest tier below it and makes what comes after it late. The component of these topics must
//! retry for ever and keep records longer than the longest delay.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{Sidecar, unwrap};
use crate::{
    backend::{BackendError, Timers},
    clock,
    config::{Tier, Topic},
    hold::Hold,
    pipeline::Ack,
    sink::SendError,
};

/// How long a record that is not due is kept waiting before it is answered with RETRY.
const WAIT: Duration = Duration::from_secs(20);

/// Tiers, the shortest first; at least one.
#[derive(Debug, Clone)]
pub struct RetryTopics {
    sidecar: Sidecar,
    tiers: Vec<Tier>,
}

impl RetryTopics {
    /// Timers on these tiers.
    pub fn new(sidecar: Sidecar, tiers: Vec<Tier>) -> Self {
        Self { sidecar, tiers }
    }

    /// Goes on with the hold that a record of a tier brings, once it is due. True when the record is done.
    pub async fn record(
        &self,
        body: Bytes,
        resume: impl AsyncFnOnce(Hold) -> Option<Ack>,
    ) -> Result<bool, BackendError> {
        let broken = |error| BackendError::broken("reading a record of a retry topic", error);
        let envelope = unwrap(body, true);
        let record: Record = serde_json::from_slice(&envelope.event).map_err(broken)?;
        let early = u64::try_from(record.due - clock::unix_millis()).unwrap_or(0);
        if early > 0 {
            let early = Duration::from_millis(early);
            tokio::time::sleep(early.min(WAIT)).await;
            if early > WAIT {
                return Ok(false);
            }
        }
        self.sidecar.resume(&record.hold, resume).await
    }

    fn tier(&self, wait: Duration) -> Option<&Topic> {
        let longest_below = self.tiers.iter().rev().find(|tier| tier.delay <= wait);
        longest_below.or(self.tiers.first()).map(|tier| &tier.topic)
    }
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Record {
    /// Milliseconds since 1970.
    due: i64,
    /// As a job would carry it.
    hold: String,
}

#[async_trait]
impl Timers for RetryTopics {
    async fn hold(&self, hold: &Hold, wait: Duration) -> Result<(), BackendError> {
        let action = format!("putting {} aside", hold.name());
        let Some(topic) = self.tier(wait) else {
            return Err(BackendError::refused(action, "there are no retry topics"));
        };
        let record = Record {
            due: hold.due,
            hold: self.sidecar.pack(hold, wait).await?,
        };
        let record = serde_json::to_vec(&record).map_err(|error| BackendError::broken(&action, error))?;
        match self.sidecar.publish_bytes(&action, topic, &hold.name(), record).await {
            Ok(()) => Ok(()),
            Err(SendError::Again(later)) => Err(later.error),
            Err(SendError::Final(error)) => Err(error),
        }
    }
}
