//! Takes the event out of the body of a delivery.
//!
//! With `rawPayload` the sidecar wraps the broker's bytes in a CloudEvent of its own, as base64. Those bytes are another
//! CloudEvent when the producer published through a sidecar, and the bare event otherwise (also for CloudEvents
//! in binary mode, whose attributes travel as headers). A body that cannot be unwrapped is
//! the event itself: the policy decides on it, and nothing is lost.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::{Value, value::RawValue};

use super::own::{GATES, GATES_SOURCE};
use crate::attributes::Attributes;
use crate::members::Members;

/// The event of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwrapped {
    /// The event, byte for byte as its producer wrote it.
    pub event: Bytes,
    /// Its attributes; none for a bare event.
    pub attributes: Attributes,
    /// W3C trace context from the producer's envelope.
    pub traceparent: Option<String>,
}

/// The type of the envelopes that the sidecar makes itself.
const SIDECARS_OWN: &str = "com.dapr.event.sent";
/// What such an envelope, and one that a gate makes around a bare event, states of itself and not of the event.
const OF_THE_ENVELOPE: [&str; 6] = ["id", "source", "type", "subject", "time", "datacontenttype"];
/// What the sidecar adds to any envelope.
const ADDED: [&str; 3] = ["topic", "pubsubname", "traceid"];

/// Takes the envelopes off `body`: the sidecar's own when `raw_payload`, then the producer's.
pub fn unwrap(body: Bytes, raw_payload: bool) -> Unwrapped {
    let broker = if raw_payload {
        wrapped_bytes(&body).unwrap_or(body)
    } else {
        body
    };
    open(&broker).unwrap_or(Unwrapped {
        event: broker,
        attributes: Attributes::default(),
        traceparent: None,
    })
}

/// Whether a gate made the envelope around a bare event.
fn is_gates(attributes: &Attributes) -> bool {
    attributes.text("source") == Some(GATES_SOURCE) && attributes.text("tidegatepolicy").is_some()
}

/// The broker's bytes in the sidecar's own envelope.
fn wrapped_bytes(body: &Bytes) -> Option<Bytes> {
    let event = CloudEvent::read(body)?;
    let base64: String = serde_json::from_str(event.data_base64?.get()).ok()?;
    Some(BASE64_STANDARD.decode(base64).ok()?.into())
}

/// The event in the producer's envelope, when there is one.
fn open(broker: &Bytes) -> Option<Unwrapped> {
    let envelope = CloudEvent::read(broker)?;
    let mut attributes = envelope.attributes;
    let event = match (envelope.data, envelope.data_base64) {
        (Some(data), None) => data_bytes(broker, data, attributes.text("datacontenttype"))?,
        (None, Some(base64)) => {
            let base64: String = serde_json::from_str(base64.get()).ok()?;
            BASE64_STANDARD.decode(base64).ok()?.into()
        }
        _ => return None,
    };
    let traceparent = attributes.remove("traceparent");
    let is_made_around = attributes.text("type") == Some(SIDECARS_OWN) || is_gates(&attributes);
    let is_of_event = |name: &str| {
        let is_added = ADDED.contains(&name) || GATES.contains(&name);
        !(is_added || is_made_around && OF_THE_ENVELOPE.contains(&name))
    };
    Some(Unwrapped {
        event,
        attributes: attributes.keep(is_of_event),
        traceparent: traceparent.and_then(|value| value.as_str().map(str::to_owned)),
    })
}

/// A CloudEvent in the JSON format.
struct CloudEvent<'a> {
    /// All but the version of the specification and the data.
    attributes: Attributes,
    data: Option<&'a RawValue>,
    data_base64: Option<&'a RawValue>,
}

impl<'a> CloudEvent<'a> {
    /// A repeated member makes it unreadable, on purpose: two readers could read it differently.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let members: Members<'a> = serde_json::from_slice(bytes).ok()?;
        // Nothing of a bare event is read here, since the policy's limits do not bound it yet.
        let version: Cow<'_, str> = serde_json::from_str(members.find("specversion")?.get()).ok()?;
        if !version.starts_with("1.") || !members.are_unique() {
            return None;
        }
        let (mut data, mut data_base64, mut scalars) = (None, None, Vec::new());
        for (name, value) in members.0 {
            match &*name {
                "data" => data = Some(value),
                "data_base64" => data_base64 = Some(value),
                "specversion" => {}
                _ => scalars.push((name, serde_json::from_str::<Value>(value.get()).ok()?)),
            }
        }
        let attributes = Attributes::of(scalars)?;
        let is_complete = ["id", "source", "type"]
            .iter()
            .all(|name| attributes.text(name).is_some());
        is_complete.then_some(Self {
            attributes,
            data: data.filter(|data| data.get() != "null" || data_base64.is_none()),
            data_base64: data_base64.filter(|base64| base64.get() != "null"),
        })
    }
}

/// JSON data is part of the envelope as it is; text of another type is a JSON string in it.
fn data_bytes(broker: &Bytes, data: &RawValue, content_type: Option<&str>) -> Option<Bytes> {
    if !content_type.is_none_or(is_json) && data.get().starts_with('"') {
        let text: String = serde_json::from_str(data.get()).ok()?;
        return Some(text.into());
    }
    Some(broker.slice_ref(data.get().as_bytes()))
}

/// Whether a media type is JSON.
pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json")
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
    fn the_attributes_of_the_producer_are_kept_and_those_of_the_sidecar_are_not() {
        let more = r#""topic":"orders","pubsubname":"kafka","traceid":"x","tenant":"t-1","n":7,"data""#;
        let unwrapped = unwrap(structured(EVENT).replace(r#""data""#, more).into(), false);
        let attributes = serde_json::to_string(&unwrapped.attributes).expect("JSON");
        assert_eq!(
            attributes,
            r#"{"id":"1","source":"api","type":"t","datacontenttype":"application/json","tenant":"t-1","n":7}"#
        );
        let own = structured(EVENT).replace(r#""type":"t""#, r#""type":"com.dapr.event.sent","tenant":"t-1""#);
        let attributes = serde_json::to_string(&unwrap(own.into(), false).attributes).expect("JSON");
        assert_eq!(attributes, r#"{"tenant":"t-1"}"#);
    }

    #[test]
    fn what_a_gate_says_of_a_bare_event_is_no_attribute_of_it() {
        let more = r#""tidegatesource":"t@1","tidegatepolicy":"sha256:0","tenant":"t-1","data""#;
        let published = structured(EVENT).replace(r#""source":"api""#, r#""source":"tidegate""#);
        for (envelope, expected) in [
            (published.replace(r#""data""#, more), r#"{"tenant":"t-1"}"#),
            (
                structured(EVENT).replace(r#""data""#, more),
                r#"{"id":"1","source":"api","type":"t","datacontenttype":"application/json","tenant":"t-1"}"#,
            ),
            (
                published,
                r#"{"id":"1","source":"tidegate","type":"t","datacontenttype":"application/json"}"#,
            ),
        ] {
            let attributes = serde_json::to_string(&unwrap(envelope.into(), false).attributes).expect("JSON");
            assert_eq!(attributes, expected);
        }
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
