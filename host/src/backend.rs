//! What the gate needs from outside: topics to send to, somewhere to keep claims, and scheduler that survive a crash.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{
    config::Topic,
    scheduled_retry::ScheduledRetry,
    sink::{Message, PublishError},
};

/// Sends events to topics.
#[async_trait]
pub trait Publisher: fmt::Debug + Send + Sync {
    /// Sends one message. `Ok` means that it is stored where it survives a crash of this process.
    async fn publish(&self, topic: &Topic, message: &Message) -> Result<(), PublishError>;
}

/// Puts deliveries aside until they are due.
#[async_trait]
pub trait Scheduler: fmt::Debug + Send + Sync {
    /// Puts a delivery aside for as long as `wait`, at least. `Ok` means that it is stored where it survives a crash of
    /// this process, now or by an earlier call with a hold of the same name.
    async fn hold(&self, hold: &ScheduledRetry, wait: Duration) -> Result<(), BackendError>;
}

/// Keeps small records under keys, with optimistic locking.
#[async_trait]
pub trait StateStore: fmt::Debug + Send + Sync {
    /// The record and the tag of its present version.
    async fn get(&self, key: &str) -> Result<Option<Versioned>, BackendError>;

    /// Stores a record if what is there is what `expected` says; `keep` is how long it must stay.
    async fn put(&self, key: &str, record: &[u8], expected: Expected<'_>, keep: Duration) -> Result<Put, BackendError>;
}

/// A record and the tag of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The record.
    pub record: Vec<u8>,
    /// What to give as [`Expected::Version`].
    pub etag: String,
}

/// What must be there for a record to be stored.
#[derive(Debug, Clone, Copy)]
pub enum Expected<'a> {
    /// Nothing.
    Absent,
    /// This version.
    Version(&'a str),
}

/// How storing a record went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is stored, and this is the tag of its version, where the store says so.
    Stored(Option<String>),
    /// Something else was there.
    Conflict,
}

/// Why the outside did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{action} failed: {reason}")]
pub struct BackendError {
    /// What was asked, with its names.
    pub action: String,
    /// What came back.
    pub reason: String,
    /// What was said beside, by whoever was asked. It may repeat an event, so it is kept out of logs.
    pub answer: Option<String>,
    /// What lies beneath.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl BackendError {
    /// An answer that says no.
    pub fn refused(action: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            reason: reason.into(),
            answer: None,
            source: None,
        }
    }

    /// No answer at all.
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
