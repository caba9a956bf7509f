//! What is sent when an event is given up: the dead letter, the alert for operations and the alert for the user. Decides
//! nothing; whoever calls it has given the event up already.
//!
//! A dead letter is complete. Its payload is the original's own text, byte for byte, with one more member; an original
//! that cannot be read as one unambiguous object goes in as a string. So a dead letter can be longer than the limit for
//! events, and whoever reads one must not be bound by it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ids;
use crate::number::is_integer;
use crate::parse::{Bounds, read_object};
use crate::policy::{DEAD_LETTER, EMITTED_VERSION, OPS_ALERT, Policy, USER_ALERT};
use crate::process::{Misuse, Output, check_now};
use crate::violation::Violation;

/// How many characters of the error go into an alert; the dead letter has all of it.
const ALERT_ERROR_CHARS: usize = 1024;

/// A user, task or type that takes more bytes than this is not carried over into the dead letter's own members and the
/// alerts. The payload has it all the same.
const MAX_MEMBER_BYTES: usize = 4096;

/// The member that is added to the payload.
const METADATA: &str = "dlq_metadata";

/// The user of an event that names none.
const UNKNOWN_USER: &str = "unknown";

/// How the bytes of an original are written as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// They are UTF-8 and stand as they are.
    Text,
    /// They are not UTF-8: base64 (RFC 4648, section 4, with padding).
    Base64,
}

/// An event that is given up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedEvent {
    /// The event as it arrived, complete.
    pub original: String,
    /// How `original` is to be read.
    pub encoding: Encoding,
    /// Why it is given up, in one line.
    pub error: String,
    /// Retries made after the first attempt.
    pub retry_count: u32,
    /// What is wrong with it; empty when it is valid and could not be delivered.
    pub violations: Vec<Violation>,
    /// Where it came from, such as `task-events/3@1042`: together with the original it makes the dead letter's id.
    pub source: String,
    /// Digest of the policy that judged it.
    pub policy: String,
}

impl Policy {
    /// Builds the dead letter, the alert for operations and, when the event's type concerns a user who is known, the
    /// alert for that user. Fails only when `now` is no time or the original is not the base64 that it is said to be.
    pub fn dead_letter(&self, failed: &FailedEvent, now: &str) -> Result<Vec<Output>, Misuse> {
        check_now(now)?;
        let original = match failed.encoding {
            Encoding::Text => failed.original.as_bytes().to_vec(),
            Encoding::Base64 => BASE64.decode(&failed.original).map_err(|_| Misuse {
                message: "original must be base64 (RFC 4648, section 4, with padding)".to_owned(),
            })?,
        };
        let original = Original::read(original, self.bounds().depth);
        let id = ids::derive(DEAD_LETTER, &[failed.source.as_bytes(), &original.bytes]);
        let letter = Emitted {
            id: id.clone(),
            event_type: DEAD_LETTER,
            payload: original.payload_with(&metadata(failed, now)),
        };
        let mut emitted = vec![letter, alert(OPS_ALERT, &id, failed, &original)];
        let concerns_user = original
            .event_type()
            .and_then(|name| self.event_type(name))
            .is_some_and(|known| known.alerts_user);
        if concerns_user && original.user_id().is_some() {
            emitted.push(alert(USER_ALERT, &id, failed, &original));
        }
        Ok(emitted
            .into_iter()
            .filter_map(|emitted| self.emit(emitted, &original, now))
            .collect())
    }

    /// Wraps a payload as an event about the original's task and user.
    fn emit(&self, emitted: Emitted, original: &Original, now: &str) -> Option<Output> {
        let user_id = original.user_id().unwrap_or(UNKNOWN_USER);
        let event = format!(
            r#"{{"event_id":{},"event_type":{},"event_version":{},"task_id":{},"user_id":{},"timestamp":{},"payload":{}}}"#,
            json!(emitted.id),
            json!(emitted.event_type),
            json!(EMITTED_VERSION),
            original.task_id(),
            json!(user_id),
            json!(now),
            emitted.payload,
        );
        Some(Output {
            channel: self.event_type(emitted.event_type)?.channel.clone()?,
            key: user_id.to_owned(),
            id: emitted.id,
            event_type: emitted.event_type.to_owned(),
            event: Some(event),
        })
    }
}

/// An event in the making.
struct Emitted {
    id: String,
    event_type: &'static str,
    /// JSON text.
    payload: String,
}

/// The event that is given up, as far as it can be read.
struct Original {
    bytes: Vec<u8>,
    /// Its members, when it is one unambiguous object.
    members: Option<Map<String, Value>>,
}

impl Original {
    /// Reads the bytes. As a payload they stand one level deeper, so they may be one level less deep.
    fn read(bytes: Vec<u8>, depth: usize) -> Self {
        let bounds = Bounds {
            bytes: usize::MAX,
            depth: depth.saturating_sub(1),
        };
        let members = read_object(&bytes, bounds).ok();
        Self { bytes, members }
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.members.as_ref()?.get(name)
    }

    fn event_type(&self) -> Option<&str> {
        self.member("event_type")?
            .as_str()
            .filter(|name| name.len() <= MAX_MEMBER_BYTES)
    }

    fn user_id(&self) -> Option<&str> {
        let user = self.member("user_id")?.as_str()?;
        (!user.trim().is_empty() && user.len() <= MAX_MEMBER_BYTES).then_some(user)
    }

    /// The task's number as it is written, or 0.
    fn task_id(&self) -> &str {
        match self.member("task_id") {
            Some(Value::Number(number)) if number.as_str().len() <= MAX_MEMBER_BYTES && is_integer(number.as_str()) => {
                number.as_str()
            }
            _ => "0",
        }
    }

    /// The payload of the dead letter, as text.
    fn payload_with(&self, metadata: &str) -> String {
        let text = std::str::from_utf8(&self.bytes);
        match (text, &self.members) {
            (Ok(text), Some(members)) if !members.contains_key(METADATA) => {
                let body = text.trim_ascii().strip_suffix('}').unwrap_or_default();
                let comma = if members.is_empty() { "" } else { "," };
                format!(r#"{body}{comma}"{METADATA}":{metadata}}}"#)
            }
            (Ok(text), _) => format!(r#"{{"original_text":{},"{METADATA}":{metadata}}}"#, json!(text)),
            (Err(_), _) => {
                let text = BASE64.encode(&self.bytes);
                format!(r#"{{"original_base64":"{text}","{METADATA}":{metadata}}}"#)
            }
        }
    }
}

/// Why and when the event was given up, as text.
fn metadata(failed: &FailedEvent, now: &str) -> String {
    json!({
        "failed_at": now,
        "error": failed.error,
        "retry_count": failed.retry_count,
        "violations": failed.violations,
        "source": failed.source,
        "policy": failed.policy,
    })
    .to_string()
}

/// An alert about a dead letter. Its id follows from the dead letter's.
fn alert(event_type: &'static str, dead_letter_id: &str, failed: &FailedEvent, original: &Original) -> Emitted {
    let error: String = failed.error.chars().take(ALERT_ERROR_CHARS).collect();
    let severity = if failed.violations.is_empty() {
        "error"
    } else {
        "warning"
    };
    let payload = json!({
        "dead_letter_id": dead_letter_id,
        "failed_event_type": original.event_type(),
        "error": error,
        "retry_count": failed.retry_count,
        "severity": severity,
    });
    Emitted {
        id: ids::derive(event_type, &[dead_letter_id.as_bytes()]),
        event_type,
        payload: payload.to_string(),
    }
}
