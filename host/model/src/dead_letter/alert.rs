//! An alert: it tells a channel that an event was dead-lettered, and where the dead letter is. Knows no template.

use serde::Serialize;
use tidegate_engine::{Alert, Output};

use super::failed::{FailedEvent, derived_id};
use super::names::Names;

/// The type of every alert.
pub(super) const EVENT_TYPE: &str = "tidegate.alert";

/// How many characters of the error an alert has; the dead letter has all of it.
const ERROR_CHARS: usize = 1024;

/// What an alert says.
#[derive(Serialize)]
struct Said<'a> {
    /// Of the event.
    #[serde(flatten)]
    names: &'a Names,
    dead_letter_id: &'a str,
    failed_at: &'a str,
    /// `warning`: the event was not valid. `error`: a valid event could not be published.
    severity: &'static str,
    /// The code of the first violation.
    code: Option<&'a str>,
    error: String,
    /// How many dead letters it is about.
    count: u64,
    retry_count: u32,
    source: &'a str,
    policy: &'a str,
}

/// Whether a channel receives an alert about an event.
pub(super) fn concerns(alert: &Alert, names: &Names) -> bool {
    alert.event_types.as_ref().is_none_or(|types| {
        let event_type = names.event_type.as_ref();
        event_type.is_some_and(|name| types.contains(name))
    })
}

/// The alert about a dead letter on a channel. Its id follows from both.
pub(super) fn output(alert: &Alert, failed: &FailedEvent<'_>, dead_letter_id: &str, now: &str) -> Output {
    let first = failed.violations.first();
    let said = Said {
        names: failed.names,
        dead_letter_id,
        failed_at: now,
        severity: if first.is_some() { "warning" } else { "error" },
        code: first.map(|violation| &*violation.code),
        error: failed.error.chars().take(ERROR_CHARS).collect(),
        count: 1,
        retry_count: failed.retry_count,
        source: failed.source,
        policy: failed.policy,
    };
    Output {
        channel: alert.channel.clone(),
        key: failed.names.key.clone(),
        id: derived_id(&[alert.channel.as_bytes(), dead_letter_id.as_bytes()]),
        event_type: EVENT_TYPE.to_owned(),
        // It holds texts and a number, which can always be written.
        event: Some(serde_json::to_string(&said).unwrap_or_default()),
        attributes: Vec::new(),
        not_before: None,
    }
}
