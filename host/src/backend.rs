//! What the gate needs from outside: somewhere to send, and somewhere to keep claims.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

use crate::config::Topic;

/// One event on its way out.
#[derive(Debug, Clone)]
pub struct Message {
    /// Where it goes.
    pub topic: Topic,
    /// The partition key.
    pub key: String,
    /// Id of the event: the same for every repeat.
    pub id: String,
    /// Type of the event.
    pub event_type: String,
    /// The event, the text of one JSON value.
    pub event: Bytes,
    /// When it was judged, RFC 3339.
    pub at: String,
    /// Where the event came from that led to it.
    pub source: String,
    /// W3C trace context to carry on.
    pub traceparent: Option<String>,
}

/// Sends events.
#[async_trait]
pub trait Publisher: fmt::Debug + Send + Sync {
    /// Sends one message. `Ok` means that it is stored where it survives a crash of this process.
    async fn publish(&self, message: &Message) -> Result<(), BackendError>;
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
            source: None,
        }
    }

    /// No answer at all.
    pub fn broken(action: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source = source.into();
        Self {
            action: action.into(),
            reason: source.to_string(),
            source: Some(source),
        }
    }
}
