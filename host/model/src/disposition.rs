//! What became of a delivery. The same words stand in metrics, logs, the HTTP API and the command line.

use serde::{Deserialize, Serialize};

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// Its outputs are published.
    Published,
    /// It is valid and goes to no channel.
    Dropped,
    /// Its dead letter is published.
    DeadLettered(DeadLetterReason),
    /// The event was processed before.
    Duplicate,
    /// The event was processed before, and its retry is scheduled.
    AlreadyScheduled,
    /// Its retry is scheduled.
    Scheduled,
    /// Its dead letter could not be published yet; the next attempt is scheduled.
    DeadLetterScheduled,
}

/// Why an event is dead-lettered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterReason {
    /// The policy rejects it.
    Rejected,
    /// It could not be published, and no retries are left.
    Exhausted,
    /// The policy faults on it, and on no others.
    Fault,
}

impl Disposition {
    /// What became of a delivery that was not acknowledged.
    pub const REQUEUED: &'static str = "requeued";

    /// The disposition as one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Dropped => "dropped",
            Self::DeadLettered(_) => "dead_lettered",
            Self::Duplicate | Self::AlreadyScheduled => "duplicate",
            Self::Scheduled | Self::DeadLetterScheduled => "scheduled",
        }
    }

    /// Why the event is dead-lettered, when it is.
    pub const fn dead_letter_reason(self) -> Option<DeadLetterReason> {
        match self {
            Self::DeadLettered(reason) => Some(reason),
            _ => None,
        }
    }

    /// Whether nothing more follows for the event, so that later events of its key may go on.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Scheduled | Self::AlreadyScheduled)
    }
}

impl DeadLetterReason {
    /// The reason as one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Exhausted => "exhausted",
            Self::Fault => "fault",
        }
    }
}
