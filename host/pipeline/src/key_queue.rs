//! The queues of per-key ordering: while the retry of an event is scheduled, later events of its key wait behind it.
//!
//! The queue of a key is a record in the state store: the events whose retries are scheduled, in their order. An event
//! behind others is scheduled too, and checks its position again when it is due. A queue is bounded in length and in time:
//! an event that has waited long enough is processed all the same, which is counted as an ordering violation.
//!
//! Knows no event and no policy, only keys and identities.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tidegate_model::{
    backend::{Expected, Put, StateStore, Written},
    backend_error::BackendError,
    clock,
    scheduled_retry::LONGEST_DELAY,
};

/// The most events in one queue.
const MAX_LENGTH: usize = 1000;
/// Attempts to change a queue that others change too.
const MAX_ATTEMPTS: usize = 10;
/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Keeps queues in a state store.
#[derive(Debug, Clone)]
pub struct KeyQueues {
    store: Arc<dyn StateStore>,
    longest_wait: Duration,
}

/// The position of an event in the queue of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// At the front, or not in a queue at all.
    Front {
        /// Whether the event is in the queue.
        is_queued: bool,
    },
    /// Behind so many others.
    Behind(u32),
    /// Behind others, but it has waited long enough, or the queue is full.
    TimedOut,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Queue {
    waiting: Vec<Waiting>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    /// By [`Delivery::identity`](tidegate_model::delivery::Delivery::identity).
    event: String,
    /// When it is removed if its retry is lost. Milliseconds since 1970.
    until: i64,
}

impl KeyQueues {
    /// Queues in `store`, in which no event waits longer than `longest_wait`.
    pub fn new(store: Arc<dyn StateStore>, longest_wait: Duration) -> Self {
        Self { store, longest_wait }
    }

    /// The position of an event. `since`: when it began to wait, if it has.
    pub async fn position(&self, key: &str, event: &str, since: Option<i64>) -> Result<Position, BackendError> {
        let now = clock::unix_millis();
        let Some((queue, _)) = self.find(&name(key)).await? else {
            return Ok(Position::Front { is_queued: false });
        };
        let own = queue.waiting.iter().position(|waiting| waiting.event == event);
        let before = &queue.waiting[..own.unwrap_or(queue.waiting.len())];
        let before = before.iter().filter(|waiting| waiting.until > now).count();
        let waited = now - since.unwrap_or(now);
        let full = own.is_none() && queue.waiting.len() >= MAX_LENGTH;
        Ok(match u32::try_from(before).unwrap_or(u32::MAX) {
            0 => Position::Front {
                is_queued: own.is_some(),
            },
            _ if full || waited >= clock::millis(self.longest_wait) => Position::TimedOut,
            before => Position::Behind(before),
        })
    }

    /// Adds an event to the queue, unless it is in it. Its retry is scheduled after `delay`.
    pub async fn join(&self, key: &str, event: &str, delay: Duration) -> Result<(), BackendError> {
        let now = clock::unix_millis();
        // An event that long overdue is finished elsewhere.
        let until = now + clock::millis(delay) + clock::millis(self.longest_wait);
        self.change(key, |queue| {
            queue.waiting.retain(|waiting| waiting.until > now);
            if let Some(waiting) = queue.waiting.iter_mut().find(|waiting| waiting.event == event) {
                let is_extended = waiting.until < until - clock::millis(self.longest_wait) / 2;
                waiting.until = waiting.until.max(until);
                return is_extended;
            }
            // An event that does not fit into the queue blocks no others.
            let fits = queue.waiting.len() < MAX_LENGTH;
            if fits {
                queue.waiting.push(Waiting {
                    event: event.to_owned(),
                    until,
                });
            }
            fits
        })
        .await
    }

    /// Removes a finished event: those behind it may be processed.
    pub async fn leave(&self, key: &str, event: &str) -> Result<(), BackendError> {
        self.change(key, |queue| {
            let before = queue.waiting.len();
            queue.waiting.retain(|waiting| waiting.event != event);
            queue.waiting.len() < before
        })
        .await
    }

    /// Changes the queue of a key; `change` returns false when there is nothing to store.
    async fn change(&self, key: &str, mut change: impl FnMut(&mut Queue) -> bool) -> Result<(), BackendError> {
        let name = name(key);
        for _ in 0..MAX_ATTEMPTS {
            let found = self.find(&name).await?;
            let (mut queue, etag) = match found {
                Some((queue, etag)) => (queue, Some(etag)),
                None => (Queue::default(), None),
            };
            if !change(&mut queue) {
                return Ok(());
            }
            let record = serde_json::to_vec(&queue)
                .map_err(|error| BackendError::broken(format!("writing the queue {name:?}"), error))?;
            let expected = etag.as_deref().map_or(Expected::Absent, Expected::Version);
            let put = Put {
                key: &name,
                record: &record,
                expected,
                keep: self.keep(),
            };
            if let Written::Stored(_) = self.store.put_one(put).await? {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        let reason = "others keep changing it";
        Err(BackendError::refused(format!("changing the queue {name:?}"), reason))
    }

    async fn find(&self, name: &str) -> Result<Option<(Queue, String)>, BackendError> {
        let Some(found) = self.store.get_one(name).await? else {
            return Ok(None);
        };
        let queue = serde_json::from_slice(&found.record)
            .map_err(|error| BackendError::broken(format!("reading the queue {name:?}"), error))?;
        Ok(Some((queue, found.etag)))
    }

    fn keep(&self) -> Duration {
        LONGEST_DELAY + self.longest_wait
    }
}

fn name(key: &str) -> String {
    format!("queue-{}", hex::encode(&Sha256::digest(key)[..16]))
}
