//! When a failed event is retried, and when it is dead-lettered. Knows delays and no clock.

use crate::contract::{Action, RetryPlan, Schedule};
use crate::policy::Policy;

impl Policy {
    /// The schedule of a type; of a type that is not in the catalog, the policy's default.
    pub fn schedule_for(&self, event_type: &str) -> &Schedule {
        self.event_type(event_type)
            .map_or(&self.default_schedule, |known| &known.schedule)
    }

    /// What follows when attempt number `attempt` failed. The first attempt is 0, its first retry is 1.
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
