//! What became of a delivery, for its consumer: acknowledge it or requeue it. Knows no HTTP status and no offset.

use std::time::Duration;

use tidegate_engine::{Fault, Violation};
use tidegate_model::{backend_error::BackendError, disposition::Disposition, revision::RevisionId};

/// The shortest wait before a delivery that was not acknowledged is redelivered.
const SHORTEST_WAIT: Duration = Duration::from_millis(200);
/// The longest wait for another delivery of the same event.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Whether a delivery is acknowledged.
#[derive(Debug)]
pub enum Ack {
    /// It is processed, or its retry is stored where it survives a crash: acknowledge it.
    Done(Report),
    /// It is not: redeliver it, not before the wait is over.
    Requeue {
        /// Why.
        error: NotAcknowledged,
        /// The shortest wait before the redelivery.
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
    /// Id of the event, where it could be read.
    pub event_id: Option<String>,
    /// Channel and id of each published output.
    pub published: Vec<(String, String)>,
    /// Why it was rejected.
    pub violations: Vec<Violation>,
    /// The revision that decided on it.
    pub revision: RevisionId,
}

/// Why a delivery is not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum NotAcknowledged {
    /// No policy is loaded.
    #[error("no policy is loaded")]
    NoPolicy,
    /// The policy faults on most events.
    #[error("the circuit breaker is open: the policy faults on most events")]
    CircuitOpen,
    /// Another delivery of the same event is in progress, for that long at most.
    #[error("another delivery of the event is in progress")]
    InProgress(Duration),
    /// The policy was called wrongly.
    #[error("the policy was called wrongly: {0}")]
    Misuse(String),
    /// A call of the backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The policy faulted when it was asked for the next attempt at an output.
    #[error("the policy faulted when it was asked when to try again")]
    NoPlan(#[source] Fault),
    /// The concurrency limit is reached, or the gate is stopping.
    #[error("{0}")]
    Refused(&'static str),
}

impl NotAcknowledged {
    /// The shortest wait before the redelivery.
    pub(super) fn wait(&self) -> Duration {
        match self {
            Self::CircuitOpen => Duration::from_secs(1),
            Self::InProgress(remaining) => (*remaining).clamp(SHORTEST_WAIT, LONGEST_WAIT),
            _ => SHORTEST_WAIT,
        }
    }
}
