//! When a failed event is tried again, and when it is given up. Knows no clock: delays only.

use serde::Serialize;

use crate::policy::Policy;

/// The retries that a type gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// How many retries follow the first attempt.
    pub max_retries: u32,
    /// Milliseconds to wait before each of them: `max_retries` numbers.
    pub delays_ms: Vec<u32>,
}

/// What to do with an event that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Try again after the delay.
    Retry,
    /// Give it up: build its dead letter and alerts.
    DeadLetter,
}

/// What to do with an event that failed, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RetryPlan {
    /// What to do.
    pub action: Action,
    /// Milliseconds to wait before the next attempt; 0 for a dead letter.
    pub delay_ms: u32,
    /// Retries that are left after the one decided here; 0 for a dead letter.
    pub retries_left: u32,
}

impl Policy {
    /// The schedule of a type; of a type that is not in the catalog, the policy's default.
    pub fn schedule_for(&self, event_type: &str) -> &Schedule {
        self.event_type(event_type)
            .map_or(&self.default_schedule, |known| &known.schedule)
    }

    /// Decides what follows when attempt number `attempt` failed. The first attempt is 0, its first retry is 1.
    pub fn next_attempt(&self, event_type: &str, attempt: u32) -> RetryPlan {
        let schedule = self.schedule_for(event_type);
        let delay = usize::try_from(attempt)
            .ok()
            .and_then(|attempt| schedule.delays_ms.get(attempt));
        match delay {
            Some(&delay_ms) => RetryPlan {
                action: Action::Retry,
                delay_ms,
                retries_left: schedule.max_retries.saturating_sub(attempt).saturating_sub(1),
            },
            None => RetryPlan {
                action: Action::DeadLetter,
                delay_ms: 0,
                retries_left: 0,
            },
        }
    }
}

impl Schedule {
    /// A schedule from whole seconds; nothing when a delay is longer than milliseconds in 32 bits can say (49 days).
    pub(crate) fn from_seconds(seconds: &[u32]) -> Option<Self> {
        Some(Self {
            max_retries: u32::try_from(seconds.len()).ok()?,
            delays_ms: seconds
                .iter()
                .map(|seconds| seconds.checked_mul(1000))
                .collect::<Option<_>>()?,
        })
    }
}
