//! Reads dead letters: why an event was dead-lettered, and the event itself byte for byte. Knows the form that a policy's
//! `dead-letter` writes, and not where dead letters are stored.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use tidegate_engine::{Encoding, Violation};

use crate::envelope::{Unwrapped, unwrap};

/// The type of every dead letter.
pub const EVENT_TYPE: &str = "dlq.failed";

/// The member of the payload with the reason.
const METADATA: &str = "dlq_metadata";

/// A dead-lettered event, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// `event_id` of the dead letter.
    pub id: String,
    /// When the event was dead-lettered, RFC 3339.
    pub failed_at: String,
    /// Why, in one line.
    pub error: String,
    /// Retries made after the first attempt.
    pub retry_count: u32,
    /// What is wrong with the event; empty when it is valid and could not be published.
    pub violations: Vec<Violation>,
    /// The source of the event, such as `task-events/3@1042`.
    pub source: String,
    /// Digest of the policy that decided on it.
    pub policy: String,
    /// The event, byte for byte as it arrived.
    pub original: Bytes,
    /// Its `event_id`, `event_type` and `user_id`, where it is JSON and has them as strings.
    pub names: Names,
}

/// The names in an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Names {
    /// `event_id`.
    #[serde(default, deserialize_with = "text_or_none")]
    pub event_id: Option<String>,
    /// `event_type`.
    #[serde(default, deserialize_with = "text_or_none")]
    pub event_type: Option<String>,
    /// `user_id`.
    #[serde(default, deserialize_with = "text_or_none")]
    pub user_id: Option<String>,
}

impl Names {
    fn of(event: &[u8]) -> Self {
        let text = std::str::from_utf8(event).ok();
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }
}

/// Why a record cannot be read as a dead letter.
#[derive(Debug, thiserror::Error)]
pub enum NotADeadLetter {
    /// It is not UTF-8.
    #[error("not a dead letter: it is not UTF-8")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// It is not JSON, or not an object.
    #[error("not a dead letter: it is not a JSON object")]
    NotAnEvent(#[source] serde_json::Error),
    /// It is another event.
    #[error("not a dead letter: its event_type is {found:?}, not {EVENT_TYPE:?}")]
    OtherType {
        /// Its type.
        found: String,
    },
    /// It has no type.
    #[error("not a dead letter: it has no event_type")]
    NoType,
    /// A member is missing.
    #[error("not a complete dead letter: {0} is missing")]
    Missing(&'static str),
    /// The payload is not an object.
    #[error("not a complete dead letter: its payload is not a JSON object")]
    Payload(#[source] serde_json::Error),
    /// It has a member twice, so that two readers could read it differently.
    #[error("not an unambiguous dead letter: it has more than one member {0}")]
    Twice(&'static str),
    /// The reason cannot be read.
    #[error("not a complete dead letter: /payload/{METADATA} is not valid")]
    Metadata(#[source] serde_json::Error),
    /// The original is not base64.
    #[error("not a complete dead letter: /payload/original_base64 is not base64 (RFC 4648, section 4, with padding)")]
    Base64(#[source] base64::DecodeError),
}

impl DeadLetter {
    /// Reads a dead letter: the bare event, or the event in a CloudEvent (JSON format), `data` or `data_base64`, once or
    /// inside the sidecar's own.
    pub fn read(bytes: Bytes) -> Result<Self, NotADeadLetter> {
        let Unwrapped { event, .. } = unwrap(bytes, true);
        let text = std::str::from_utf8(&event)?;
        let letter: Members<'_> = serde_json::from_str(text).map_err(NotADeadLetter::NotAnEvent)?;
        let event_type = letter.the_one("event_type")?.and_then(string);
        let found = event_type.ok_or(NotADeadLetter::NoType)?;
        if found != EVENT_TYPE {
            return Err(NotADeadLetter::OtherType { found });
        }
        let id = letter.the_one("event_id")?.and_then(string);
        let payload = letter.the_one("payload")?.ok_or(NotADeadLetter::Missing("/payload"))?;
        let members: Members<'_> = serde_json::from_str(payload.get()).map_err(NotADeadLetter::Payload)?;
        let metadata = members
            .the_one(METADATA)?
            .ok_or(NotADeadLetter::Missing("/payload/dlq_metadata"))?;
        let metadata: Metadata = serde_json::from_str(metadata.get()).map_err(NotADeadLetter::Metadata)?;
        let original = original(text, payload.get(), &members.0)?;
        Ok(Self {
            id: id.ok_or(NotADeadLetter::Missing("/event_id"))?,
            failed_at: metadata.failed_at,
            error: metadata.error,
            retry_count: metadata.retry_count,
            violations: metadata.violations,
            source: metadata.source,
            policy: metadata.policy,
            names: Names::of(&original),
            original: original.into(),
        })
    }
}

#[derive(Deserialize)]
struct Metadata {
    failed_at: String,
    error: String,
    retry_count: u32,
    violations: Vec<Violation>,
    source: String,
    policy: String,
}

/// An event in the form of [`tidegate_engine::FailedEvent::original`]: text, or base64 when it is not UTF-8.
pub fn encoded(event: &[u8]) -> (String, Encoding) {
    match std::str::from_utf8(event) {
        Ok(text) => (text.to_owned(), Encoding::Text),
        Err(_) => (BASE64_STANDARD.encode(event), Encoding::Base64),
    }
}

/// The members of an object, in their order, each value as it is written.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The member of this name, when there is one and no other.
    fn the_one(&self, name: &'static str) -> Result<Option<&'a RawValue>, NotADeadLetter> {
        let mut named = self.0.iter().filter(|(other, _)| other == name);
        let first = named.next().map(|(_, value)| *value);
        match named.next() {
            None => Ok(first),
            Some(_) => Err(NotADeadLetter::Twice(name)),
        }
    }
}

/// The text of a JSON string.
fn string(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// The event, byte for byte.
fn original(text: &str, payload: &str, members: &[(String, &RawValue)]) -> Result<Vec<u8>, NotADeadLetter> {
    let others: Vec<_> = members.iter().filter(|(name, _)| name != METADATA).collect();
    if let [(name, value)] = others[..] {
        match (name.as_str(), string(value)) {
            ("original_text", Some(original)) => return Ok(original.into_bytes()),
            ("original_base64", Some(original)) => {
                return BASE64_STANDARD.decode(original).map_err(NotADeadLetter::Base64);
            }
            _ => {}
        }
    }
    Ok(cut_out(text, payload, members).unwrap_or_else(|| joined(&others)))
}

/// The original when the payload is as the policy wrote it: all of it but the last member. `None` when another tool has
/// rewritten it.
fn cut_out(text: &str, payload: &str, members: &[(String, &RawValue)]) -> Option<Vec<u8>> {
    let (_, metadata) = members.last().filter(|(name, _)| name == METADATA)?;
    let before = payload.strip_suffix('}')?.strip_suffix(metadata.get())?;
    let before = before.strip_suffix(r#""dlq_metadata":"#)?;
    let body = match members.len() {
        1 => before,
        _ => before.strip_suffix(',')?,
    };
    let (leading, trailing) = space_around(text, payload).unwrap_or_default();
    Some([leading, body, "}", trailing].concat().into_bytes())
}

/// The white space around the payload, where it can only be the original's: the policy writes none there.
fn space_around<'a>(text: &'a str, payload: &str) -> Option<(&'a str, &'a str)> {
    const SPACE: [char; 4] = [' ', '\n', '\r', '\t'];
    let start = (payload.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let (before, after) = (text.get(..start)?, text.get(start + payload.len()..)?);
    let trailing = after.trim_end_matches(SPACE).strip_suffix('}')?;
    let bare = before.trim_end_matches(SPACE);
    let as_written = bare.ends_with(r#","payload":"#) && trailing.trim_matches(SPACE).is_empty();
    as_written.then_some((&before[bare.len()..], trailing))
}

/// An object with these members, in their order.
fn joined(members: &[&(String, &RawValue)]) -> Vec<u8> {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), value.get()))
        .collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

fn text_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    use super::*;

    const WHY: &str = r#"{"failed_at":"2026-03-02T17:00:00Z","error":"no","retry_count":3,"violations":[],"source":"task-events@4","policy":"sha256:0"}"#;

    fn letter(payload: &str) -> String {
        format!(
            r#"{{"event_id":"d-1","event_type":"dlq.failed","event_version":"1.0","task_id":0,"user_id":"unknown","timestamp":"2026-03-02T17:00:00Z","payload":{payload}}}"#
        )
    }

    fn read(text: impl Into<Bytes>) -> DeadLetter {
        DeadLetter::read(text.into()).expect("a dead letter")
    }

    #[test]
    fn the_members_of_a_dead_letter_are_read() {
        let letter = read(letter(&format!(
            r#"{{"event_id":"e-1","user_id":7,"dlq_metadata":{WHY}}}"#
        )));
        assert_eq!((letter.id.as_str(), letter.error.as_str()), ("d-1", "no"));
        assert_eq!((letter.source.as_str(), letter.retry_count), ("task-events@4", 3));
        assert_eq!(letter.original, r#"{"event_id":"e-1","user_id":7}"#);
        assert_eq!(letter.names.event_id.as_deref(), Some("e-1"));
        assert_eq!(letter.names.user_id, None);
    }

    #[test]
    fn an_envelope_makes_no_difference() {
        let bare = letter(&format!(r#" {{"a":1.10 ,"dlq_metadata":{WHY}}} "#));
        let base64 = BASE64_STANDARD.encode(&bare);
        let head = r#""specversion":"1.0","id":"1","source":"tidegate","type":"dlq.failed""#;
        for text in [
            bare.clone(),
            format!(r#"{{{head},"datacontenttype":"application/json","data":{bare}}}"#),
            format!(r#"{{{head},"data_base64":"{base64}"}}"#),
            bare + "\n",
        ] {
            assert_eq!(read(text.clone()).original, r#" {"a":1.10 } "#, "{text}");
        }
    }

    #[test]
    fn a_dead_letter_that_another_tool_rewrote_keeps_every_member() {
        let spaced = WHY.replace(',', ", ");
        for payload in [
            format!(r#"{{"a":1.10,"b":{{"c":"\u00e9"}},"dlq_metadata":{spaced}}}"#),
            format!(r#"{{"dlq_metadata":{WHY},"a":1.10,"b":{{"c":"\u00e9"}}}}"#),
            format!("{{\n  \"a\": 1.10,\n  \"dlq_metadata\": {spaced},\n  \"b\": {{\"c\":\"\\u00e9\"}}\n}}"),
        ] {
            let pretty = letter(&payload).replace(r#","payload":"#, ",\n  \"payload\": ");
            assert_eq!(read(pretty).original, r#"{"a":1.10,"b":{"c":"\u00e9"}}"#, "{payload}");
        }
    }

    #[test]
    fn other_records_are_refused_with_a_reason() {
        let without = |member: &str| letter(&format!(r#"{{"dlq_metadata":{}}}"#, WHY.replace(member, "x")));
        for (text, why) in [
            (String::new(), "not a JSON object"),
            ("[]".to_owned(), "not a JSON object"),
            ("{}".to_owned(), "it has no event_type"),
            (letter("{}").replace("dlq.failed", "task.created"), "\"task.created\""),
            (letter("[]"), "its payload is not a JSON object"),
            (letter("null"), "its payload is not a JSON object"),
            (letter("1}").replace(r#","payload":1}"#, ""), "/payload is missing"),
            (letter("{}"), "/payload/dlq_metadata is missing"),
            (letter(r#"{"dlq_metadata":{}}"#), "/payload/dlq_metadata is not valid"),
            (without("retry_count"), "/payload/dlq_metadata is not valid"),
            (
                letter(&format!(r#"{{"dlq_metadata":{WHY},"dlq_metadata":{WHY}}}"#)),
                "more than one",
            ),
            (
                letter(&format!(r#"{{"original_base64":"%","dlq_metadata":{WHY}}}"#)),
                "not base64",
            ),
            (
                letter(&format!(r#"{{"dlq_metadata":{WHY}}}"#)).replace("event_id", "id"),
                "/event_id",
            ),
        ] {
            let error = DeadLetter::read(text.clone().into()).expect_err(&text).to_string();
            assert!(error.contains(why), "{error:?} should contain {why:?}: {text}");
        }
        assert!(DeadLetter::read(Bytes::from_static(b"\xff")).is_err());
    }
}
