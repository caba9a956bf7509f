//! Events that a policy for tests makes itself: dead letters, alerts, and events composed from a draft.

use serde_json::{Value, json};

use crate::bindings::exports::tidegate::policy::gate::{Composed, Draft, Encoding, FailedEvent, Output};

/// The dead letter and the alert for operations. The dead letter contains the original completely, as a string.
pub(crate) fn of(failed: &FailedEvent, now: &str) -> Vec<Output> {
    let original: Value = serde_json::from_str(&failed.original).unwrap_or_default();
    let user = original["user_id"].as_str().unwrap_or("unknown");
    let id = format!("dead-{:016x}", hash(&[&failed.source, &failed.original]));
    let member = match failed.encoding {
        Encoding::Text => "original_text",
        Encoding::Base64 => "original_base64",
    };
    let violations: Vec<_> = failed
        .violations
        .iter()
        .map(|v| json!({ "code": v.code, "path": v.path, "message": v.message }))
        .collect();
    let letter = json!({
        member: failed.original,
        "dlq_metadata": {
            "failed_at": now,
            "error": failed.error,
            "retry_count": failed.retry_count,
            "violations": violations,
            "source": failed.source,
            "policy": failed.policy,
        },
    });
    let alert = json!({
        "dead_letter_id": id,
        "failed_event_type": original["event_type"],
        "error": failed.error,
        "retry_count": failed.retry_count,
        "severity": "error",
    });
    let alert_id = format!("alert-{id}");
    let made = [
        ("dlq", "dlq.failed", id, letter),
        ("ops-alerts", "alert.ops", alert_id, alert),
    ];
    made.into_iter()
        .map(|(channel, event_type, id, payload)| Output {
            channel: channel.to_owned(),
            key: user.to_owned(),
            event: Some(
                json!({
                    "event_id": id,
                    "event_type": event_type,
                    "event_version": "1.0",
                    "task_id": 0,
                    "user_id": user,
                    "timestamp": now,
                    "payload": payload,
                })
                .to_string(),
            ),
            id,
            event_type: event_type.to_owned(),
        })
        .collect()
}

pub(crate) fn compose(draft: &Draft, now: &str) -> Composed {
    let timestamp = draft.timestamp.as_deref().unwrap_or(now);
    let event_id = draft
        .event_id
        .clone()
        .unwrap_or_else(|| format!("{}-{}-{timestamp}", draft.event_type, draft.task_id));
    let event = format!(
        r#"{{"event_id":{},"event_type":{},"event_version":{},"task_id":{},"user_id":{},"timestamp":{},"payload":{}}}"#,
        json!(event_id),
        json!(draft.event_type),
        json!(draft.event_version.as_deref().unwrap_or("1.0")),
        draft.task_id,
        json!(draft.user_id),
        json!(timestamp),
        draft.payload,
    );
    Composed { event_id, event }
}

/// FNV-1a: the same on every machine.
fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
