//! The envelope of an output: a structured CloudEvent with the event's own bytes inside.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{backend_error::BackendError, message::Message, untrusted::Untrusted};

/// `source` of every event that a gate publishes.
const SOURCE: &str = "tidegate";

/// CloudEvents 1.0, JSON format: the members that the gate sets.
#[derive(Debug, Serialize)]
struct CloudEvent<'a> {
    specversion: &'a str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    subject: &'a str,
    time: &'a str,
    datacontenttype: &'a str,
    /// The source of the event that this one is made of.
    tidegatesource: &'a str,
    /// Attempts that failed before this one.
    #[serde(skip_serializing_if = "is_first")]
    tidegateattempt: u32,
    /// Id of the dead letter that was redriven.
    #[serde(skip_serializing_if = "Option::is_none")]
    tidegateredriven: Option<&'a str>,
    /// Digest of the policy that made it.
    tidegatepolicy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    data: &'a RawValue,
}

/// The envelope of a message, as JSON.
pub fn envelope(message: &Message) -> Result<Vec<u8>, BackendError> {
    let broken = |error| BackendError::broken(format!("wrapping {:?}", Untrusted(&message.id)), error);
    let data: &RawValue = serde_json::from_slice(&message.event).map_err(broken)?;
    serde_json::to_vec(&CloudEvent {
        specversion: "1.0",
        id: &message.id,
        source: SOURCE,
        event_type: &message.event_type,
        subject: &message.key,
        time: &message.at,
        datacontenttype: "application/json",
        tidegatesource: &message.source,
        tidegateattempt: message.attempt,
        tidegateredriven: message.redriven.as_deref(),
        tidegatepolicy: &message.revision.digest,
        traceparent: message.traceparent.as_deref(),
        data,
    })
    .map_err(broken)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_first(attempt: &u32) -> bool {
    *attempt == 0
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Message, envelope};
    use crate::revision::RevisionId;

    #[test]
    fn the_event_is_in_its_envelope_digit_for_digit() {
        let message = Message {
            key: "user-1".to_owned(),
            id: "e-1".to_owned(),
            event_type: "task.created".to_owned(),
            event: Bytes::from_static(br#"{"b":9007199254740993,"a":1.10, "c":1e400}"#),
            at: "2026-03-01T09:30:00Z".to_owned(),
            source: "task-events/3@7".to_owned(),
            traceparent: None,
            attempt: 2,
            redriven: Some("d-1".to_owned()),
            revision: RevisionId {
                number: 3,
                digest: "sha256:9f86".to_owned(),
            },
        };
        let envelope = String::from_utf8(envelope(&message).expect("wrapped")).expect("text");
        insta::assert_snapshot!(envelope, @r#"{"specversion":"1.0","id":"e-1","source":"tidegate","type":"task.created","subject":"user-1","time":"2026-03-01T09:30:00Z","datacontenttype":"application/json","tidegatesource":"task-events/3@7","tidegateattempt":2,"tidegateredriven":"d-1","tidegatepolicy":"sha256:9f86","data":{"b":9007199254740993,"a":1.10, "c":1e400}}"#);
    }
}
