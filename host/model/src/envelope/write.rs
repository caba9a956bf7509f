//! The envelope of an output: a structured CloudEvent with the event's own bytes inside. And that of an event as it came.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, value::RawValue};

use super::own::{GATES, GATES_SOURCE};
use super::structured::is_json;
use crate::{attributes::Attributes, backend_error::BackendError, message::Message, untrusted::Untrusted};

/// The envelope of a message, as JSON: the attributes that the event came with, or for a bare event those that the gate gives it, and
/// what the gate says of it.
pub fn envelope(message: &Message) -> Result<Vec<u8>, BackendError> {
    let broken = |error| BackendError::broken(format!("wrapping {:?}", Untrusted(&message.id)), error);
    let data: &RawValue = serde_json::from_slice(&message.event).map_err(broken)?;
    let mut members = Map::new();
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    let text = |text: &str| Some(Value::from(text));
    let given = |name: &str, otherwise: Option<&str>| {
        let found = message.attributes.iter().find(|(other, _)| *other == name);
        found.map_or_else(|| otherwise.map(Value::from), |(_, value)| Some(value.clone()))
    };
    let has_envelope = message.attributes.text("source").is_some();
    let if_bare = |text| if has_envelope { None } else { text };
    add("specversion", text("1.0"));
    add("id", given("id", Some(&message.id)));
    add("source", given("source", Some(GATES_SOURCE)));
    add("type", given("type", Some(&message.event_type)));
    add("subject", given("subject", if_bare(message.key.as_deref())));
    add("time", given("time", if_bare(Some(&message.at))));
    let content_type = message.attributes.text("datacontenttype").filter(|text| is_json(text));
    add("datacontenttype", text(content_type.unwrap_or("application/json")));
    let has_trace = message.traceparent.is_some();
    for (name, value) in message.attributes.iter() {
        let is_of_trace = matches!(name, "tracestate" | "baggage");
        let is_set = matches!(name, "id" | "source" | "type" | "subject" | "time" | "datacontenttype");
        if !is_set && !GATES.contains(&name) && (has_trace || !is_of_trace) {
            add(name, Some(value.clone()));
        }
    }
    add("tidegatesource", text(&message.source));
    add("tidegateattempt", (message.attempt > 0).then(|| message.attempt.into()));
    add("tidegateredriven", message.redriven.as_deref().map(Value::from));
    add("tidegatepolicy", text(&message.revision.digest));
    add("traceparent", message.traceparent.as_deref().map(Value::from));

    Ok(with_data(&members, "data", data.get()))
}

/// An event with its attributes as a CloudEvent in the JSON format, which is read back byte for byte.
pub fn structured(attributes: &Attributes, event: &[u8]) -> Vec<u8> {
    let version = ("specversion".to_owned(), Value::from("1.0"));
    let others = attributes.iter().map(|(name, value)| (name.to_owned(), value.clone()));
    let members: Map<String, Value> = [version].into_iter().chain(others).collect();
    let holds_json = attributes.text("datacontenttype").is_none_or(is_json);
    match serde_json::from_slice::<&RawValue>(event) {
        // Space around a value is no part of it.
        Ok(data) if holds_json && data.get().len() == event.len() => with_data(&members, "data", data.get()),
        _ => with_data(
            &members,
            "data_base64",
            &format!("\"{}\"", BASE64_STANDARD.encode(event)),
        ),
    }
}

/// The members and the data, which is part of the envelope as it is written.
fn with_data(members: &Map<String, Value>, name: &str, data: &str) -> Vec<u8> {
    // It holds texts, numbers and booleans, which can always be written.
    let members = serde_json::to_string(members).unwrap_or_default();
    let members = members.strip_suffix('}').unwrap_or_default();
    format!("{members},\"{name}\":{data}}}").into_bytes()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Attributes, Message, envelope, structured};
    use crate::{
        envelope::{Headers, unwrap},
        revision::RevisionId,
    };

    #[test]
    fn an_event_with_its_attributes_is_read_back_as_it_came() {
        for content_type in ["application/json", "text/plain"] {
            for event in [
                &br#"{"a":1.10, "b":"}"}"#[..],
                b" {}\n",
                b"not json",
                b"\xff",
                b"",
                b"\"text\"",
                b"null",
            ] {
                let attributes = format!(
                    r#"{{"id":"1","source":"/s","type":"t","n":7,"ends":"}}","datacontenttype":"{content_type}"}}"#
                );
                let attributes: Attributes = serde_json::from_str(&attributes).expect("attributes");
                let read = unwrap(structured(&attributes, event).into(), false, &Headers::NONE);
                assert_eq!((&*read.event, read.attributes, read.flaw), (event, attributes, None));
            }
        }
    }

    #[test]
    fn the_event_is_in_its_envelope_digit_for_digit() {
        let message = Message {
            key: Some("user-1".to_owned()),
            id: "e-1".to_owned(),
            event_type: "task.created".to_owned(),
            event: Bytes::from_static(br#"{"b":9007199254740993,"a":1.10, "c":1e400}"#),
            attributes: Attributes::default(),
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
