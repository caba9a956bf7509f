//! What the gate needs from a backend: sinks to publish to, a store for small records, and a scheduler for retries.
//!
//! The traits take many and answer one by one, so that a backend may make one call of them. A single delivery is a
//! batch of one.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{
    message::{Message, PublishError},
    scheduled_retry::ScheduledRetry,
};

/// Where a channel leads.
#[async_trait]
pub trait Publisher: fmt::Debug + Send + Sync {
    /// Its name, for metrics and logs. Holds no secret.
    fn name(&self) -> String;

    /// Publishes messages in their order, with one answer each. `Ok` means that the message is stored where it survives
    /// a crash of this process, or that the receiver has handled it.
    async fn publish(&self, messages: &[Message]) -> Vec<Result<(), PublishError>>;

    /// Publishes one message.
    async fn publish_one(&self, message: &Message) -> Result<(), PublishError> {
        only(self.publish(std::slice::from_ref(message)).await).unwrap_or_else(|count| {
            let reason = format!("the sink gave {count} answers to one message");
            Err(BackendError::refused(format!("publishing to {}", self.name()), reason).into())
        })
    }
}

/// Keeps deliveries until their next attempt is due.
#[async_trait]
pub trait Scheduler: fmt::Debug + Send + Sync {
    /// Schedules a retry after `delay`, at least. `Ok` means that it is stored where it survives a crash of this
    /// process, now or by an earlier call with a retry of the same name.
    async fn schedule(&self, retry: &ScheduledRetry, delay: Duration) -> Result<(), BackendError>;
}

/// Keeps small records under keys, with optimistic locking.
#[async_trait]
pub trait StateStore: fmt::Debug + Send + Sync {
    /// The records under these keys, with one answer each.
    async fn get(&self, keys: &[&str]) -> Vec<Result<Option<Versioned>, BackendError>>;

    /// Stores records, with one answer each. They do not depend on each other: some may be stored and others not.
    async fn put(&self, puts: &[Put<'_>]) -> Vec<Result<Written, BackendError>>;

    /// The record under one key.
    async fn get_one(&self, key: &str) -> Result<Option<Versioned>, BackendError> {
        only(self.get(&[key]).await).unwrap_or_else(|count| Err(not_one_answer(key, count)))
    }

    /// Stores one record.
    async fn put_one(&self, put: Put<'_>) -> Result<Written, BackendError> {
        only(self.put(&[put]).await).unwrap_or_else(|count| Err(not_one_answer(put.key, count)))
    }
}

/// How a backend is doing.
#[async_trait]
pub trait BackendStatus: fmt::Debug + Send + Sync {
    /// Its name in the configuration.
    fn name(&self) -> &'static str;

    /// Why it cannot take what is published now; `None`: it can.
    async fn trouble(&self) -> Option<String>;

    /// How many retries are scheduled; `None`: it does not count them.
    async fn scheduled_retries(&self) -> Option<i64>;
}

/// A record to store.
#[derive(Debug, Clone, Copy)]
pub struct Put<'a> {
    /// Its key.
    pub key: &'a str,
    /// The record: JSON.
    pub record: &'a [u8],
    /// What must be there for it to be stored.
    pub expected: Expected<'a>,
    /// How long it must stay.
    pub keep: Duration,
}

/// What must be there for a record to be stored.
#[derive(Debug, Clone, Copy)]
pub enum Expected<'a> {
    /// Nothing.
    Absent,
    /// This version.
    Version(&'a str),
}

/// A record and the tag of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The record.
    pub record: Vec<u8>,
    /// What to give as [`Expected::Version`].
    pub etag: String,
}

/// How storing a record went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is stored, and this is the tag of its version, where the store gives one.
    Stored(Option<String>),
    /// Something else was there.
    Conflict,
}

/// Why a backend did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{action} failed: {reason}")]
pub struct BackendError {
    /// What was asked, with its names.
    pub action: String,
    /// What came back.
    pub reason: String,
    /// The text of the answer. It may repeat an event, so it is kept out of logs.
    pub answer: Option<String>,
    /// What lies beneath.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl BackendError {
    /// The backend refused.
    pub fn refused(action: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            reason: reason.into(),
            answer: None,
            source: None,
        }
    }

    /// The backend gave no answer, or one that cannot be read.
    pub fn broken(action: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source = source.into();
        Self {
            action: action.into(),
            reason: source.to_string(),
            answer: None,
            source: Some(source),
        }
    }
}

/// The only answer to a batch of one, or how many there are.
fn only<T>(answers: Vec<T>) -> Result<T, usize> {
    let count = answers.len();
    let mut answers = answers.into_iter();
    answers.next().filter(|_| count == 1).ok_or(count)
}

fn not_one_answer(key: &str, count: usize) -> BackendError {
    let reason = format!("it gave {count} answers to one question");
    BackendError::refused(format!("asking the state store for {key:?}"), reason)
}
