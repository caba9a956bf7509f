//! An event to publish, and why it could not be published. Knows no sink.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{attributes::Attributes, backend_error::BackendError, exact_bytes, revision::RevisionId};

/// An event to publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The partition key, where the event has one.
    pub key: Option<String>,
    /// Id of the event: the same for every attempt.
    pub id: String,
    /// Type of the event.
    pub event_type: String,
    /// The event, the text of one JSON value.
    #[serde(with = "exact_bytes")]
    pub event: Bytes,
    /// Its attributes, where it came with some: it leaves with them.
    pub attributes: Attributes,
    /// The time of the decision, RFC 3339.
    pub at: String,
    /// The source of the event that it is made of.
    pub source: String,
    /// W3C trace context to pass on.
    pub traceparent: Option<String>,
    /// Attempts that failed before this one.
    pub attempt: u32,
    /// Id of the dead letter that was redriven.
    pub redriven: Option<String>,
    /// The revision that made it.
    pub revision: RevisionId,
}

/// Why a message was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It may work later.
    #[error("{error}")]
    Retryable {
        /// The failure.
        #[source]
        error: BackendError,
        /// How long the receiver asks to wait.
        after: Option<Duration>,
    },
    /// The receiver refuses this event for good.
    #[error(transparent)]
    Permanent(BackendError),
}

impl From<BackendError> for PublishError {
    fn from(error: BackendError) -> Self {
        Self::Retryable { error, after: None }
    }
}
