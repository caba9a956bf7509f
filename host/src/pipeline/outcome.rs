//! What comes of a delivery, as whoever brought it is told.

use std::time::Duration;

use tidegate_engine::{CallError, Violation};

use crate::{backend::BackendError, revision::Label};

/// The shortest wait before a delivery that was not done is brought again.
const SOON: Duration = Duration::from_millis(200);
/// The longest wait for another delivery of the same event.
const LATER: Duration = Duration::from_secs(5);

/// What whoever brought a delivery is told.
#[derive(Debug)]
pub enum Ack {
    /// It came to its end, or is put aside where it survives a crash: it need not be brought again.
    Done(Report),
    /// It did not: bring it again, not before the wait is over.
    Again {
        /// Why, for people.
        error: NotAcknowledged,
        /// How long there is nothing to gain by trying again.
        wait: Duration,
    },
}

/// The end that a delivery came to.
#[derive(Debug)]
pub struct Report {
    /// What became of it.
    pub end: Disposition,
    /// Why, in one line.
    pub reason: String,
    /// `event_id`, when it could be read.
    pub event_id: Option<String>,
    /// Channel and id of everything that was sent.
    pub sent: Vec<(String, String)>,
    /// Why it was rejected.
    pub violations: Vec<Violation>,
    /// The revision that judged it.
    pub label: Label,
}

/// The ends there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// Its outputs are sent.
    Forward,
    /// It is valid and goes nowhere.
    Drop,
    /// It is not valid; its dead letter is sent.
    Reject,
    /// It came to its end before.
    Duplicate,
    /// It is put aside already: what is there of it will be gone on with.
    Waiting,
    /// It is put aside and will be gone on with.
    AcquiredClaim,
    /// It is given up; its dead letter could not be sent yet and is put aside.
    DeadLetterHeld,
    /// It is valid and could not be delivered; its dead letter is sent.
    DeadLetterReason,
}

impl Disposition {
    /// The end as one word, for metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Drop => "drop",
            Self::Reject => "reject",
            Self::Duplicate | Self::Waiting => "duplicate",
            Self::AcquiredClaim => "held",
            Self::DeadLetterHeld => "dead-letter-held",
            Self::DeadLetterReason => "given-up",
        }
    }

    /// Whether nothing more will come of the event, so that those behind it may go on.
    pub(super) const fn is_last(self) -> bool {
        !matches!(self, Self::AcquiredClaim | Self::Waiting)
    }
}

/// Why a delivery did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum NotAcknowledged {
    /// There is no policy to judge it.
    #[error("no policy is loaded")]
    NoPolicy,
    /// The policy faults on most events: it judges none until it is better.
    #[error("the policy faults on most events; none is taken until it is better or replaced")]
    CircuitOpen,
    /// The policy misbehaved where that says nothing about the event, or was called wrongly.
    #[error("the policy gave no answer")]
    Policy(#[from] CallError),
    /// Another delivery of the same event is under way.
    #[error("another delivery of the event is under way")]
    Busy(Duration),
    /// The policy was called wrongly.
    #[error("the policy was called wrongly: {0}")]
    Misuse(String),
    /// Something outside did not answer as it should.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The gate is full or about to stop.
    #[error("{0}")]
    Refused(&'static str),
}

impl NotAcknowledged {
    /// How long there is nothing to gain by trying again.
    pub(super) fn wait(&self) -> Duration {
        match self {
            Self::CircuitOpen => Duration::from_secs(1),
            Self::Busy(left) => (*left).clamp(SOON, LATER),
            _ => SOON,
        }
    }
}
