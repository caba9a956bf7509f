//! What became of a delivery. Metrics, logs, the HTTP API and the command line use the same words. Knows no delivery.

use serde::{Deserialize, Serialize};

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// Its outputs are published.
    Published,
    /// The policy drops it.
    Dropped,
    /// Its dead letter is published.
    DeadLettered(DeadLetterReason),
    /// The event was processed before.
    Duplicate,
    /// The event was processed before, and its retry is scheduled.
    AlreadyScheduled,
    /// Its retry is scheduled.
    Scheduled,
    /// Its outputs are published, or stored until their time.
    OutputsScheduled,
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
    /// The policy faults on it, and decides on others.
    Fault,
}

impl Disposition {
    /// The word for a delivery that was not acknowledged.
    pub const REQUEUED: &'static str = "requeued";

    /// The disposition as one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Dropped => "dropped",
            Self::DeadLettered(_) => "dead_lettered",
            Self::Duplicate | Self::AlreadyScheduled => "duplicate",
            Self::Scheduled | Self::OutputsScheduled | Self::DeadLetterScheduled => "scheduled",
        }
    }

    /// Why the event is dead-lettered, when it is.
    pub const fn dead_letter_reason(self) -> Option<DeadLetterReason> {
        match self {
            Self::DeadLettered(reason) => Some(reason),
            _ => None,
        }
    }

    /// Whether the event is finished, so that later events of its key may be processed.
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
