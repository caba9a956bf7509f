//! What a list says of a dead letter. Knows not where it comes from.

use serde::Serialize;
use tidegate_engine::Violation;
use tidegate_model::dead_letter::DeadLetter;

/// A dead letter without its event, as one JSON object.
#[derive(Debug, Serialize)]
pub(super) struct Summary<'a> {
    id: &'a str,
    failed_at: &'a str,
    error: &'a str,
    retry_count: u32,
    violations: &'a [Violation],
    source: &'a str,
    policy: &'a str,
    event_id: Option<&'a str>,
    event_type: Option<&'a str>,
    key: Option<&'a str>,
    bytes: usize,
}

impl<'a> Summary<'a> {
    pub(super) fn of(letter: &'a DeadLetter) -> Self {
        Self {
            id: &letter.id,
            failed_at: &letter.failed_at,
            error: &letter.error,
            retry_count: letter.retry_count,
            violations: &letter.violations,
            source: &letter.source,
            policy: &letter.policy,
            event_id: letter.names.id.as_deref(),
            event_type: letter.names.event_type.as_deref(),
            key: letter.names.key.as_deref(),
            bytes: letter.original.len(),
        }
    }
}
