//! What is sent when an event is dead-lettered: the dead letter, the alert for operations and the alert for the user.
//! Decides nothing: the caller has already decided to dead-letter the event.
//!
//! A dead letter is complete: the original can be restored from it byte for byte. Its payload is the original's own text,
//! surrounding white space included, with one more member at the end. An original that is not one unambiguous object, or
//! that already has a member of a name used here, is stored as a string. So a dead letter can exceed the limit for events, and
//! its readers must not apply that limit. Originals can be large: nothing here copies one needlessly.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};
use tidegate_text::number;

use crate::contract::{Encoding, FailedEvent, Misuse, Output};
use crate::escape;
use crate::ids;
use crate::parse::{Bounds, read_object};
use crate::policy::{DEAD_LETTER, EMITTED_VERSION, OPS_ALERT, Policy, USER_ALERT};
use crate::process::check_now;

/// How many characters of the error an alert contains; the dead letter contains all of it.
const ALERT_ERROR_CHARS: usize = 1024;

/// A task id or type with more bytes than this is not copied into the dead letter's own members and the alerts. The payload
/// still contains it.
const MAX_MEMBER_BYTES: usize = 4096;

/// The same limit for a user, in characters: that of `schemas/common.json`, since the user becomes the partition key.
const MAX_USER_CHARS: usize = 256;

/// A text whose escapes would add more bytes than this is written in base64 instead.
const MAX_ESCAPES: usize = 1 << 20;

/// The member that is added to the payload.
const METADATA: &str = "dlq_metadata";

/// The member that contains an original that cannot be the payload, as text or in base64.
const ORIGINAL_TEXT: &str = "original_text";
const ORIGINAL_BASE64: &str = "original_base64";

/// The user of an event that names none.
const UNKNOWN_USER: &str = "unknown";

impl Policy {
    /// Builds the dead letter and the alert for operations, and the alert for the user when the event's type asks for one and
    /// the event names a user. Fails only when `now` is not a time or `original` is declared as base64 and is not.
    pub fn dead_letter(&self, failed: &FailedEvent, now: &str) -> Result<Vec<Output>, Misuse> {
        check_now(now)?;
        let bytes = failed.bytes()?;
        let id = ids::derive(DEAD_LETTER, &[failed.source.as_bytes(), &bytes]);
        let original = Original::read(&bytes, self.bounds().depth);
        let mut emitted = vec![
            self.emit(DEAD_LETTER, id.clone(), &original, now, |payload| {
                original.write(&metadata(failed, now), payload);
            }),
            self.alert(OPS_ALERT, &id, failed, &original, now),
        ];
        let known = original.event_type.as_deref().and_then(|name| self.event_type(name));
        if known.is_some_and(|known| known.alerts_user) && original.user_id.is_some() {
            emitted.push(self.alert(USER_ALERT, &id, failed, &original, now));
        }
        Ok(emitted.into_iter().flatten().collect())
    }

    /// An alert about a dead letter. Its id follows from the dead letter's.
    fn alert(
        &self,
        event_type: &str,
        dead_letter_id: &str,
        failed: &FailedEvent,
        original: &Original<'_>,
        now: &str,
    ) -> Option<Output> {
        let error: String = failed.error.chars().take(ALERT_ERROR_CHARS).collect();
        let severity = if failed.violations.is_empty() {
            "error"
        } else {
            "warning"
        };
        let payload = json!({
            "dead_letter_id": dead_letter_id,
            "failed_event_type": original.event_type,
            "error": error,
            "retry_count": failed.retry_count,
            "severity": severity,
        });
        let id = ids::derive(event_type, &[dead_letter_id.as_bytes()]);
        self.emit(event_type, id, original, now, |text| {
            text.push_str(&payload.to_string());
        })
    }

    /// An event about the original's task and user, with the payload that `write_payload` appends.
    fn emit(
        &self,
        event_type: &str,
        id: String,
        original: &Original<'_>,
        now: &str,
        write_payload: impl FnOnce(&mut String),
    ) -> Option<Output> {
        let user_id = original.user_id.as_deref().unwrap_or(UNKNOWN_USER);
        let mut event = format!(
            r#"{{"event_id":{},"event_type":{},"event_version":{},"task_id":{},"user_id":{},"timestamp":{},"payload":"#,
            json!(id),
            json!(event_type),
            json!(EMITTED_VERSION),
            original.task_id,
            json!(user_id),
            json!(now),
        );
        write_payload(&mut event);
        event.push('}');
        Some(Output {
            channel: self.event_type(event_type)?.channel.clone()?,
            key: user_id.to_owned(),
            id,
            event_type: event_type.to_owned(),
            event: Some(event),
        })
    }
}

impl FailedEvent {
    /// The bytes of the original.
    fn bytes(&self) -> Result<Cow<'_, [u8]>, Misuse> {
        match self.encoding {
            Encoding::Text => Ok(Cow::Borrowed(self.original.as_bytes())),
            Encoding::Base64 => BASE64.decode(&self.original).map(Cow::Owned).map_err(|_| Misuse {
                message: "original must be base64 (RFC 4648, section 4, with padding)".to_owned(),
            }),
        }
    }
}

/// The event that is dead-lettered, as far as it can be read.
struct Original<'a> {
    form: Form<'a>,
    event_type: Option<String>,
    /// The user to alert: neither empty nor too long.
    user_id: Option<String>,
    /// The task id as it is written, or 0.
    task_id: String,
}

/// How a dead letter contains its original.
enum Form<'a> {
    /// As the payload itself.
    Payload { text: &'a str, has_members: bool },
    /// As a string.
    Text(&'a str),
    /// As a string, in base64.
    Base64(&'a [u8]),
}

impl<'a> Original<'a> {
    /// Reads the bytes. As a payload they are nested one level deeper, so their own depth limit is one lower.
    fn read(bytes: &'a [u8], depth: usize) -> Self {
        let bounds = Bounds {
            bytes: usize::MAX,
            depth: depth.saturating_sub(1),
        };
        let members = read_object(bytes, bounds).ok();
        let form = Form::of(bytes, members.as_ref());
        let members = members.unwrap_or_default();
        let text = |name| members.get(name).and_then(Value::as_str);
        let event_type = text("event_type").filter(|name| name.len() <= MAX_MEMBER_BYTES);
        let user_id = text("user_id").filter(|user| !user.trim().is_empty() && !is_longer(user, MAX_USER_CHARS));
        let task_id = match members.get("task_id") {
            Some(Value::Number(number)) => Some(number.as_str()),
            _ => None,
        };
        Self {
            form,
            event_type: event_type.map(str::to_owned),
            user_id: user_id.map(str::to_owned),
            task_id: task_id
                .filter(|digits| digits.len() <= MAX_MEMBER_BYTES && number::Value::of(digits).is_integer())
                .unwrap_or("0")
                .to_owned(),
        }
    }

    /// Appends the payload of the dead letter.
    fn write(&self, metadata: &str, payload: &mut String) {
        // Reserved at once: a text that grows is copied, and needs twice the memory meanwhile.
        payload.reserve_exact(self.form.length() + metadata.len() + 64);
        let trailing = match self.form {
            Form::Payload { text, has_members } => {
                let (body, trailing) = text.rsplit_once('}').unwrap_or((text, ""));
                payload.push_str(body);
                payload.push_str(if has_members { "," } else { "" });
                trailing
            }
            Form::Text(text) => {
                payload.push_str(r#"{"original_text":"#);
                escape::push_quoted(payload, text);
                payload.push(',');
                ""
            }
            Form::Base64(bytes) => {
                payload.push_str(r#"{"original_base64":""#);
                BASE64.encode_string(bytes, payload);
                payload.push_str("\",");
                ""
            }
        };
        for part in ["\"", METADATA, "\":", metadata, "}", trailing] {
            payload.push_str(part);
        }
    }
}

impl<'a> Form<'a> {
    fn of(bytes: &'a [u8], members: Option<&Map<String, Value>>) -> Self {
        let is_taken = |name| members.is_some_and(|members| members.contains_key(name));
        match (std::str::from_utf8(bytes), members) {
            (Ok(text), Some(members)) if ![METADATA, ORIGINAL_TEXT, ORIGINAL_BASE64].into_iter().any(is_taken) => {
                Self::Payload {
                    text,
                    has_members: !members.is_empty(),
                }
            }
            (Ok(text), _) if escape::growth(text) <= MAX_ESCAPES => Self::Text(text),
            _ => Self::Base64(bytes),
        }
    }

    /// How many bytes it takes in the payload.
    fn length(&self) -> usize {
        match self {
            Self::Payload { text, .. } => text.len(),
            Self::Text(text) => text.len() + escape::growth(text),
            Self::Base64(bytes) => bytes.len().div_ceil(3) * 4,
        }
    }
}

fn is_longer(text: &str, chars: usize) -> bool {
    text.chars().nth(chars).is_some()
}

/// Why and when the event was dead-lettered, as text.
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
