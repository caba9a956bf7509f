//! What became of a delivery, for the caller that brought it.

use std::time::Duration;

use tidegate_engine::{CallError, Violation};
use tidegate_model::{backend::BackendError, disposition::Disposition, revision::RevisionId};

/// The shortest wait before a delivery that was not acknowledged is redelivered.
const SOON: Duration = Duration::from_millis(200);
/// The longest wait for another delivery of the same event.
const LATER: Duration = Duration::from_secs(5);

/// Whether a delivery is acknowledged.
#[derive(Debug)]
pub enum Ack {
    /// It is processed, or its retry is stored where it survives a crash: acknowledge it.
    Done(Report),
    /// It is not: redeliver it, not before the wait is over.
    Requeue {
        /// Why.
        error: NotAcknowledged,
        /// How long there is nothing to gain by a redelivery.
        wait: Duration,
    },
}

/// What became of a delivery.
#[derive(Debug)]
pub struct Report {
    /// What became of it.
    pub disposition: Disposition,
    /// Why, in one line.
    pub reason: String,
    /// Id of the event, when it could be read.
    pub event_id: Option<String>,
    /// Channel and id of everything that was published.
    pub published: Vec<(String, String)>,
    /// Why it was rejected.
    pub violations: Vec<Violation>,
    /// The revision that decided on it.
    pub revision: RevisionId,
}

/// Why a delivery is not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum NotAcknowledged {
    /// There is no policy to decide on it.
    #[error("no policy is loaded")]
    NoPolicy,
    /// The policy faults on most events.
    #[error("the circuit breaker is open: the policy faults on most events")]
    CircuitOpen,
    /// The policy misbehaved where that says nothing about the event, or was called wrongly.
    #[error("the policy gave no answer")]
    Policy(#[from] CallError),
    /// Another delivery of the same event is in progress, for that long at most.
    #[error("another delivery of the event is in progress")]
    InProgress(Duration),
    /// The policy was called wrongly.
    #[error("the policy was called wrongly: {0}")]
    Misuse(String),
    /// The backend did not answer as it should.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The gate is full or stopping.
    #[error("{0}")]
    Refused(&'static str),
}

impl NotAcknowledged {
    /// How long there is nothing to gain by a redelivery.
    pub(super) fn wait(&self) -> Duration {
        match self {
            Self::CircuitOpen => Duration::from_secs(1),
            Self::InProgress(left) => (*left).clamp(SOON, LATER),
            _ => SOON,
        }
    }
}
