//! A scheduled retry, as it is stored: all that any replica of the gate needs to resume the delivery after a crash.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_engine::Violation;

use crate::{
    backend::BackendError,
    delivery::Delivery,
    disposition::DeadLetterReason,
    revision::{RevisionId, RolledBack},
};

/// The longest delay of one scheduled retry.
pub const LONGEST_DELAY: Duration = Duration::from_hours(7 * 24);

/// A delivery whose next attempt is scheduled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledRetry {
    /// The delivery, its history brought up to date.
    pub delivery: Delivery,
    /// What comes next.
    pub next: Next,
    /// When that may happen, milliseconds since 1970.
    pub due: i64,
}

/// What happens to a delivery when its retry is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// It is processed from the start, by the policy of that time.
    Process,
    /// Its dead letter and alerts are published.
    DeadLetter(Failure),
    /// The rollback is announced to operations.
    NotifyRollback(RolledBack),
}

/// Why an event is dead-lettered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The kind of failure.
    pub reason: DeadLetterReason,
    /// What happened, in one line.
    pub error: String,
    /// What is wrong with it; empty when it is valid and could not be published.
    pub violations: Vec<Violation>,
    /// Attempts at publishing its dead letter that failed.
    pub attempts: u32,
    /// The revision that decided on it last.
    pub decided_by: RevisionId,
}

impl ScheduledRetry {
    /// Its name: the same whenever the same attempt of the same delivery is scheduled, so that scheduling it twice does no
    /// harm.
    pub fn name(&self) -> String {
        format!(
            "retry-{}-{}",
            self.delivery.digest(),
            self.delivery.history.times_scheduled
        )
    }

    /// As it is stored.
    pub fn to_json(&self) -> Result<String, BackendError> {
        serde_json::to_string(self).map_err(|error| BackendError::broken(format!("writing {}", self.name()), error))
    }

    /// Reads what [`ScheduledRetry::to_json`] wrote.
    pub fn from_json(json: &str) -> Result<Self, BackendError> {
        serde_json::from_str(json).map_err(|error| {
            BackendError::broken("reading a scheduled retry: was it written by a newer version?", error)
        })
    }
}
