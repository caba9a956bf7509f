//! What `tidegate explain` says of one event, for `--json` and as text. Knows no policy.

use serde::Serialize;
use tidegate_engine::{self as engine, Action, Decision, Violation};

/// The answer on one event.
#[derive(Debug, Serialize)]
pub(super) struct Explained {
    pub(super) decision: Decision,
    pub(super) reason: String,
    pub(super) violations: Vec<Violation>,
    pub(super) event: About,
    /// The migration path, from the version of the event to the target. One version: no migration. Empty: it is rejected.
    pub(super) migration: Vec<String>,
    pub(super) outputs: Vec<Output>,
    pub(super) retries: Retries,
    pub(super) failure: Failure,
    pub(super) dead_letter: Vec<Output>,
}

#[derive(Debug, Serialize)]
pub(super) struct About {
    pub(super) id: Option<String>,
    #[serde(rename = "type")]
    pub(super) event_type: Option<String>,
    pub(super) version: Option<String>,
    pub(super) key: Option<String>,
    /// What it is claimed by; `None`: it is not claimed.
    pub(super) claim: Option<String>,
    pub(super) bytes: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Output {
    pub(super) channel: String,
    #[serde(rename = "type")]
    pub(super) event_type: String,
    pub(super) key: Option<String>,
    /// `None` for a dead letter, whose id depends on the source of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// The time until which the gate keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_before: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Retries {
    /// The type that has this schedule; `None`: it is the policy's default.
    #[serde(rename = "type")]
    pub(super) event_type: Option<String>,
    pub(super) schedule: Vec<Retry>,
}

#[derive(Debug, Serialize)]
pub(super) struct Retry {
    pub(super) attempt: usize,
    pub(super) wait_ms: u64,
    pub(super) elapsed_ms: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Failure {
    pub(super) attempt: u32,
    pub(super) action: Action,
    pub(super) wait_ms: u32,
    pub(super) retries_left: u32,
    pub(super) why: String,
}

impl Output {
    pub(super) fn of(output: engine::Output) -> Self {
        Self {
            channel: output.channel,
            event_type: output.event_type,
            key: output.key,
            id: Some(output.id),
            not_before: output.not_before,
        }
    }
}
