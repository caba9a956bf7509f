//! Takes the event out of the body of a delivery.
//!
//! With `rawPayload` the sidecar wraps the broker's bytes in a CloudEvent of its own, as base64. Those bytes are another
//! CloudEvent when the producer published through a sidecar, and the bare event otherwise (also for CloudEvents
//! in binary mode, whose attributes travel as headers). A body that cannot be unwrapped is
//! the event itself: the policy decides on it, and nothing is lost.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The event of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwrapped {
    /// The event, byte for byte as its producer wrote it.
    pub event: Bytes,
    /// W3C trace context from the producer's envelope.
    pub traceparent: Option<String>,
}

/// The members of a CloudEvent (JSON format) that are needed here. A repeated member makes it unreadable, on purpose.
#[derive(Deserialize)]
struct CloudEvent<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    #[serde(borrow, rename = "id")]
    _id: Cow<'a, str>,
    #[serde(borrow, rename = "source")]
    _source: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    _type: Cow<'a, str>,
    #[serde(borrow, default)]
    datacontenttype: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    traceparent: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data_base64: Option<Cow<'a, str>>,
}

/// Takes the envelopes off `body`: the sidecar's own when `raw_payload`, then the producer's.
pub fn unwrap(body: Bytes, raw_payload: bool) -> Unwrapped {
    let broker = if raw_payload {
        wrapped_bytes(&body).unwrap_or(body)
    } else {
        body
    };
    open(&broker).unwrap_or(Unwrapped {
        event: broker,
        traceparent: None,
    })
}

/// The broker's bytes in the sidecar's own envelope.
fn wrapped_bytes(body: &Bytes) -> Option<Bytes> {
    let event = cloud_event(body)?;
    Some(BASE64_STANDARD.decode(event.data_base64?.as_bytes()).ok()?.into())
}

/// The event in the producer's envelope, when there is one.
fn open(broker: &Bytes) -> Option<Unwrapped> {
    let envelope = cloud_event(broker)?;
    let event = match (envelope.data, &envelope.data_base64) {
        (Some(data), None) => data_bytes(broker, data, envelope.datacontenttype.as_deref())?,
        (None, Some(base64)) => BASE64_STANDARD.decode(base64.as_bytes()).ok()?.into(),
        _ => return None,
    };
    let traceparent = envelope
        .traceparent
        .and_then(|raw| serde_json::from_str(raw.get()).ok());
    Some(Unwrapped { event, traceparent })
}

fn cloud_event(bytes: &[u8]) -> Option<CloudEvent<'_>> {
    // Serde would accept an array of the right values, which is no envelope.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let event: CloudEvent<'_> = serde_json::from_slice(bytes).ok()?;
    event.specversion.starts_with("1.").then_some(event)
}

/// JSON data is part of the envelope as it is; text of another type is a JSON string in it.
fn data_bytes(broker: &Bytes, data: &RawValue, content_type: Option<&str>) -> Option<Bytes> {
    let json = content_type.is_none_or(|content_type| {
        let essence = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        essence.ends_with("/json") || essence.ends_with("+json")
    });
    if !json && data.get().starts_with('"') {
        let text: String = serde_json::from_str(data.get()).ok()?;
        return Some(text.into());
    }
    Some(broker.slice_ref(data.get().as_bytes()))
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use bytes::Bytes;

    use super::unwrap;

    const EVENT: &str = r#"{"event_type":"task.created", "task_id":9007199254740993}"#;

    fn structured(data: &str) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"1","source":"api","type":"t","traceparent":"00-aa-bb-01","datacontenttype":"application/json","data":{data}}}"#
        )
    }

    fn raw(bytes: &[u8]) -> String {
        let base64 = BASE64_STANDARD.encode(bytes);
        format!(
            r#"{{"specversion":"1.0","id":"x","source":"gate","type":"com.dapr.event.sent","datacontenttype":"application/octet-stream","data_base64":"{base64}"}}"#
        )
    }

    fn event(body: impl Into<Bytes>, raw_payload: bool) -> Vec<u8> {
        unwrap(body.into(), raw_payload).event.to_vec()
    }

    #[test]
    fn every_way_to_wrap_an_event_leads_to_the_same_bytes() {
        assert_eq!(
            event(raw(EVENT.as_bytes()), true),
            EVENT.as_bytes(),
            "bare, raw payload"
        );
        assert_eq!(
            event(raw(structured(EVENT).as_bytes()), true),
            EVENT.as_bytes(),
            "structured, raw payload"
        );
        assert_eq!(event(structured(EVENT), false), EVENT.as_bytes(), "structured");
        assert_eq!(event(EVENT, false), EVENT.as_bytes(), "bare, or binary mode");
        let text = structured(&serde_json::to_string(EVENT).expect("json")).replace("application/json", "text/plain");
        assert_eq!(event(text, false), EVENT.as_bytes(), "JSON in a text");
        let base64 = raw(EVENT.as_bytes()).replace("gate", "producer");
        assert_eq!(
            event(raw(base64.as_bytes()), true),
            EVENT.as_bytes(),
            "binary data, raw payload"
        );
    }

    #[test]
    fn the_trace_context_of_the_producer_is_kept() {
        let unwrapped = unwrap(raw(structured(EVENT).as_bytes()).into(), true);
        assert_eq!(unwrapped.traceparent.as_deref(), Some("00-aa-bb-01"));
    }

    #[test]
    fn a_body_that_cannot_be_unwrapped_is_the_event() {
        for body in [
            &b"\xff\xfe"[..],
            b"",
            b"[1]",
            br#"["1.0","id","s","t","application/json",null,{"a":1}]"#,
            br#"{"specversion":"1.0"}"#,
            br#"{"specversion":"1.0","id":"1","source":"s","type":"t"}"#,
        ] {
            assert_eq!(event(Bytes::from_static(body), false), body);
            assert_eq!(event(raw(body), true), body, "in raw payload");
        }
    }

    #[test]
    fn an_envelope_that_two_readers_could_read_differently_is_not_opened() {
        let twice = structured(EVENT).replace(r#""data":"#, r#""data":{},"data":"#);
        assert_eq!(event(twice.clone(), false), twice.as_bytes());
    }
}
