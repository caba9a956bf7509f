//! A delivery put aside until it is due, as it is written down: everything that is needed to go on with it, in any
//! gate, after any crash.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_engine::Violation;

use crate::{
    backend::BackendError,
    delivery::Delivery,
    revision::{Label, RolledBack},
};

/// The longest time that anything is put aside for at once.
pub const LONGEST: Duration = Duration::from_hours(7 * 24);

/// A delivery put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledRetry {
    /// The delivery, its history brought up to date.
    pub delivery: Delivery,
    /// What comes next.
    pub next: Next,
    /// When that may happen, milliseconds since 1970.
    pub due: i64,
}

/// What comes next for a delivery that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// The whole way again, through the policy of that time.
    Process,
    /// It is given up; its dead letter and alerts are to be sent.
    GiveUp(Failure),
    /// Operations are to be told that the gate went back to another policy.
    Tell(RolledBack),
}

/// Why an event is given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The end that its delivery comes to.
    pub end: DeadLetterReason,
    /// Why, in one line.
    pub error: String,
    /// What is wrong with it; empty when it is valid and could not be delivered.
    pub violations: Vec<Violation>,
    /// How often sending its dead letter has failed.
    #[serde(default)]
    pub tries: u32,
    /// The revision that judged it last; absent in what an earlier version wrote down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<Label>,
}

/// The ends that lead to a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadLetterReason {
    /// The policy rejects it.
    Rejected,
    /// It could not be delivered, or the policy cannot judge it.
    Undelivered,
}

impl ScheduledRetry {
    /// Its name: the same whenever the same delivery is put aside for the same time round, so that putting it aside
    /// twice does no harm.
    pub fn name(&self) -> String {
        format!("hold-{}-{}", self.delivery.digest(), self.delivery.history.turn)
    }

    /// As it is written down.
    pub fn to_json(&self) -> Result<String, BackendError> {
        serde_json::to_string(self).map_err(|error| BackendError::broken(format!("writing {}", self.name()), error))
    }

    /// Reads what [`ScheduledRetry::to_json`] wrote.
    pub fn from_json(json: &str) -> Result<Self, BackendError> {
        serde_json::from_str(json)
            .map_err(|error| BackendError::broken("reading a hold: was it written by a newer version?", error))
    }
}
