//! What the gate needs from a backend: sinks to publish to, a store for small records, and a scheduler for retries.
//!
//! The traits take batches and return one result for each item, so that a backend may make one call of a batch. A single
//! delivery is a batch of one. Knows no backend.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{
    backend_error::BackendError,
    message::{Message, PublishError},
    scheduled_retry::ScheduledRetry,
};

/// A sink: where a channel leads.
#[async_trait]
pub trait Publisher: fmt::Debug + Send + Sync {
    /// Its name, for metrics and logs. Contains no secret.
    fn name(&self) -> String;

    /// Publishes messages in their order; returns one result for each. `Ok` means that the message is stored where it
    /// survives a crash of this process, or that the receiver has handled it.
    async fn publish(&self, messages: &[Message]) -> Vec<Result<(), PublishError>>;

    /// Publishes one message.
    async fn publish_one(&self, message: &Message) -> Result<(), PublishError> {
        only(self.publish(std::slice::from_ref(message)).await).unwrap_or_else(|count| {
            let reason = format!("the sink returned {count} results for one message");
            Err(BackendError::refused(format!("publishing to {}", self.name()), reason).into())
        })
    }
}

/// Stores deliveries until their next attempt is due.
#[async_trait]
pub trait Scheduler: fmt::Debug + Send + Sync {
    /// Schedules a retry after `delay`, at least. `Ok` means that it is stored where it survives a crash of this process,
    /// by this call or by an earlier one with the same name.
    async fn schedule(&self, retry: &ScheduledRetry, delay: Duration) -> Result<(), BackendError>;
}

/// Stores small records under keys, with optimistic locking.
#[async_trait]
pub trait StateStore: fmt::Debug + Send + Sync {
    /// The records under these keys; one result for each.
    async fn get(&self, keys: &[&str]) -> Vec<Result<Option<Versioned>, BackendError>>;

    /// Stores records; returns one result for each. They are independent: some may be stored and others not.
    async fn put(&self, puts: &[Put<'_>]) -> Vec<Result<Written, BackendError>>;

    /// The record under one key.
    async fn get_one(&self, key: &str) -> Result<Option<Versioned>, BackendError> {
        only(self.get(&[key]).await).unwrap_or_else(|count| Err(not_one_result(key, count)))
    }

    /// Stores one record.
    async fn put_one(&self, put: Put<'_>) -> Result<Written, BackendError> {
        only(self.put(&[put]).await).unwrap_or_else(|count| Err(not_one_result(put.key, count)))
    }
}

/// The state of a backend, for probes and the admin listener.
#[async_trait]
pub trait BackendStatus: fmt::Debug + Send + Sync {
    /// Its name in the configuration.
    fn name(&self) -> &'static str;

    /// Why it cannot accept messages now; `None`: it can.
    async fn unready_reason(&self) -> Option<String>;

    /// Number of scheduled retries; `None`: it does not count them.
    async fn scheduled_retries(&self) -> Option<i64>;
}

/// A record to store.
#[derive(Debug, Clone, Copy)]
pub struct Put<'a> {
    /// Its key.
    pub key: &'a str,
    /// The record: JSON.
    pub record: &'a [u8],
    /// The version that must be present, or none.
    pub expected: Expected<'a>,
    /// How long it must be kept.
    pub keep: Duration,
}

/// What must be present for a record to be stored.
#[derive(Debug, Clone, Copy)]
pub enum Expected<'a> {
    /// No record.
    Absent,
    /// This version.
    Version(&'a str),
}

/// A record and the tag of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The record.
    pub record: Vec<u8>,
    /// The tag, for [`Expected::Version`].
    pub etag: String,
}

/// The result of storing a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is stored, with the tag of its version where the store returns one.
    Stored(Option<String>),
    /// Another version was present.
    Conflict,
}

/// The only result of a batch of one, or how many there are.
fn only<T>(results: Vec<T>) -> Result<T, usize> {
    let count = results.len();
    let mut results = results.into_iter();
    results.next().filter(|_| count == 1).ok_or(count)
}

fn not_one_result(key: &str, count: usize) -> BackendError {
    let reason = format!("it returned {count} results for one key");
    BackendError::refused(format!("calling the state store for {key:?}"), reason)
}
