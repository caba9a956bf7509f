//! A scheduled retry, or an output that leaves later, as it is stored: all that a replica of the gate needs to resume the delivery after a crash. Knows no
//! scheduler.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_engine::Violation;

use crate::{
    backend_error::BackendError,
    dead_letter::Names,
    delivery::Delivery,
    disposition::DeadLetterReason,
    message::Message,
    revision::{RevisionId, RolledBack},
};

/// The longest delay of a scheduled retry.
pub const LONGEST_DELAY: Duration = Duration::from_hours(7 * 24);

/// A delivery whose next attempt is scheduled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledRetry {
    /// The delivery, with its history up to now.
    pub delivery: Delivery,
    /// What comes next.
    pub next: Next,
    /// When it is due, milliseconds since 1970.
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
    /// A channel is notified of a rollback.
    NotifyRollback(RollbackNotice),
    /// One of its outputs is published, whose time has come. The others are published already.
    Publish(Box<DelayedOutput>),
}

/// An output that is published at a time of its own. It is complete: publishing it needs no policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelayedOutput {
    /// The same whenever the output of this event is stored.
    pub name: String,
    /// The channel.
    pub channel: String,
    /// The event to publish.
    pub message: Message,
}

/// The notice of a rollback. It names its channel, since no policy may be loaded when it is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackNotice {
    /// The rollback.
    pub rolled_back: RolledBack,
    /// The channel.
    pub channel: String,
}

/// Why an event is dead-lettered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The kind of failure.
    pub reason: DeadLetterReason,
    /// Why, in one line.
    pub error: String,
    /// What is wrong with the event; empty when it is valid.
    pub violations: Vec<Violation>,
    /// The names of the event, as far as they could be read.
    #[serde(default)]
    pub names: Names,
    /// Failed attempts to publish the dead letter.
    pub attempts: u32,
    /// The revision that decided on it last.
    pub decided_by: RevisionId,
}

impl ScheduledRetry {
    /// Its name: the same whenever the same attempt of a delivery is scheduled, so that scheduling it twice does no harm.
    pub fn name(&self) -> String {
        let times = self.delivery.history.times_scheduled;
        match &self.next {
            Next::Publish(output) => format!("output-{}-{times}", output.name),
            Next::Process | Next::DeadLetter(_) | Next::NotifyRollback(_) => {
                format!("retry-{}-{times}", self.delivery.digest())
            }
        }
    }

    /// The stored form.
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
