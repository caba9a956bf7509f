//! Takes the event out of the body of a delivery: the one function that opens envelopes, for every entrance.
//!
//! With `rawPayload` the sidecar wraps the broker's bytes in a CloudEvent of its own, as base64. Those bytes are another
//! CloudEvent when the producer published through a sidecar or in structured mode, and the event itself otherwise; in binary mode its
//! attributes are headers. A body without an envelope is the event itself. So is one whose envelope cannot be read: nothing of it is
//! lost, and what is wrong is said of the envelope.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;

use super::flaw::Flaw;
use super::headers::Headers;
use super::own::{GATES, GATES_SOURCE};
use super::structured::{CloudEvent, check_required};
use crate::attributes::Attributes;

/// The event of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwrapped {
    /// The event, byte for byte as its producer wrote it.
    pub event: Bytes,
    /// Its attributes; none for a bare event.
    pub attributes: Attributes,
    /// W3C trace context from the producer's envelope.
    pub traceparent: Option<String>,
    /// What is wrong with the envelope: then no policy is asked.
    pub flaw: Option<Flaw>,
    /// Whether the record had no value. The sidecar delivers `null` for it.
    pub is_tombstone: bool,
}

/// The type of the envelopes that the sidecar makes itself.
const SIDECARS_OWN: &str = "com.dapr.event.sent";
/// What such an envelope, and one that a gate makes around a bare event, states of itself and not of the event.
const OF_THE_ENVELOPE: [&str; 6] = ["id", "source", "type", "subject", "time", "datacontenttype"];
/// What the sidecar adds to any envelope.
const ADDED: [&str; 3] = ["topic", "pubsubname", "traceid"];

/// Takes the envelopes off `body`: the sidecar's own when `raw_payload`, then the producer's. An envelope in the body counts before one
/// in headers, since a producer may state in headers too what its envelope says.
pub fn unwrap(body: Bytes, raw_payload: bool, headers: &Headers) -> Unwrapped {
    let broker = if raw_payload {
        wrapped_bytes(&body).unwrap_or(body)
    } else {
        body
    };
    let structured = match CloudEvent::read(&broker) {
        Some(Ok(envelope)) => envelope.event(&broker).map(|event| (event, envelope.attributes)),
        Some(Err(flaw)) => Err(flaw),
        None => {
            let is_binary = headers.are_of_an_event();
            let (attributes, flaw) = if is_binary { headers.read() } else { Default::default() };
            return Unwrapped {
                is_tombstone: *broker == *b"null",
                ..Unwrapped::new(broker, attributes, flaw)
            };
        }
    };
    match structured {
        Ok((event, attributes)) => {
            let flaw = check_required(&attributes).err();
            Unwrapped::new(event, attributes, flaw)
        }
        Err(flaw) => Unwrapped::new(broker, Attributes::default(), Some(flaw)),
    }
}

impl Unwrapped {
    fn new(event: Bytes, mut attributes: Attributes, flaw: Option<Flaw>) -> Self {
        let traceparent = attributes.remove("traceparent");
        let is_made_around = attributes.text("type") == Some(SIDECARS_OWN) || is_gates(&attributes);
        let is_of_event = |name: &str| {
            let is_added = ADDED.contains(&name) || GATES.contains(&name);
            !(is_added || is_made_around && OF_THE_ENVELOPE.contains(&name))
        };
        Self {
            event,
            attributes: attributes.keep(is_of_event),
            traceparent: traceparent.and_then(|value| value.as_str().map(str::to_owned)),
            flaw,
            is_tombstone: false,
        }
    }
}

/// Whether a gate made the envelope around a bare event.
fn is_gates(attributes: &Attributes) -> bool {
    attributes.text("source") == Some(GATES_SOURCE) && attributes.text("tidegatepolicy").is_some()
}

/// The broker's bytes in the sidecar's own envelope.
fn wrapped_bytes(body: &Bytes) -> Option<Bytes> {
    let event = CloudEvent::read(body)?.ok()?;
    let base64: String = serde_json::from_str(event.data_base64?.get()).ok()?;
    Some(BASE64_STANDARD.decode(base64).ok()?.into())
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use bytes::Bytes;

    use super::{super::Escaping, Flaw, Headers, Unwrapped};

    fn unwrap(body: Bytes, raw_payload: bool) -> Unwrapped {
        super::unwrap(body, raw_payload, &Headers::NONE)
    }

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
    fn a_body_without_an_envelope_is_the_event() {
        for body in [
            &b"\xff\xfe"[..],
            b"",
            b"[1]",
            br#"["1.0","id","s","t","application/json",null,{"a":1}]"#,
            br#"{"specversion":1.0,"id":"1","source":"s","type":"t","data":1}"#,
            br#"{"specversion":"2","id":"1","data":{}}"#,
        ] {
            for unwrapped in [unwrap(Bytes::from_static(body), false), unwrap(raw(body).into(), true)] {
                assert_eq!((&*unwrapped.event, unwrapped.flaw), (body, None));
            }
        }
    }

    #[test]
    fn what_is_wrong_with_an_envelope_is_said_of_the_envelope() {
        let long = structured("1").replace("api", &"x".repeat(70_000));
        for (envelope, expected) in [
            (structured("1").replace("1.0", "0.3"), "specversion is \"0.3\""),
            (
                structured("1").replace(r#","data":1"#, ""),
                "neither data nor data_base64",
            ),
            (
                structured("1").replace(r#""data""#, r#""data_base64":"MQ==","data""#),
                "both data and data_base64",
            ),
            (
                structured("1").replace(r#""data":1"#, r#""data_base64":"?""#),
                "not base64",
            ),
            (
                structured("1").replace(r#""data""#, r#""data":2,"data""#),
                "\"data\" is there more than once",
            ),
            (
                structured("1").replace(r#""data""#, r#""a b":2,"data""#),
                "the name \"a b\"",
            ),
            (
                structured("1").replace(r#""data""#, r#""a":{},"data""#),
                "the attribute a is neither",
            ),
            (long, "65536 are passed on"),
        ] {
            let unwrapped = unwrap(envelope.clone().into(), false);
            let said = unwrapped.flaw.expect(expected).violation().message;
            assert!(said.contains(expected), "{said}");
            assert_eq!(unwrapped.event, envelope.as_bytes(), "nothing of it is lost");
        }
    }

    #[test]
    fn an_event_whose_envelope_lacks_an_attribute_keeps_the_others() {
        for (id, missing) in [
            ("", "id"),
            (r#""id":"","#, "id"),
            (r#""id":7,"#, "id"),
            (r#""id":"1","type":"","#, "type"),
        ] {
            let envelope = structured(EVENT)
                .replace(r#""type":"t","#, "")
                .replace(r#""id":"1","#, id);
            let envelope = match missing {
                "id" => envelope.replace(r#""source""#, r#""type":"t","source""#),
                _ => envelope,
            };
            let unwrapped = unwrap(envelope.into(), false);
            assert_eq!(unwrapped.flaw, Some(Flaw::Missing(missing)));
            assert_eq!(
                (&*unwrapped.event, unwrapped.attributes.text("source")),
                (EVENT.as_bytes(), Some("api"))
            );
        }
    }

    fn binary(attributes: &[(&str, &[u8])], escaping: Escaping) -> Unwrapped {
        let attributes = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.to_vec()));
        let headers = Headers {
            attributes: attributes.collect(),
            escaping,
            ..Headers::NONE
        };
        super::unwrap(EVENT.into(), false, &headers)
    }

    const REQUIRED: [(&str, &[u8]); 4] = [
        ("specversion", b"1.0"),
        ("id", b"1"),
        ("source", b"/api"),
        ("type", b"t"),
    ];

    #[test]
    fn the_attributes_of_binary_mode_are_headers() {
        for (escaping, value, expected) in [
            (Escaping::Query, &b"a+b%2Bc%C3%A9%25"[..], "a b+c\u{e9}%"),
            (Escaping::Percent, b"a+b%2Bc%C3%A9%25", "a+b+c\u{e9}%"),
            (Escaping::Percent, b"100% %zz", "100% %zz"),
            (Escaping::Query, b"two%0Alines%00", "two\nlines\0"),
            (Escaping::Query, b"", ""),
        ] {
            let more = [("tenant", value), ("traceparent", b"00-aa-bb-01")];
            let unwrapped = binary(&[&REQUIRED[..], &more].concat(), escaping);
            assert_eq!((&*unwrapped.event, unwrapped.flaw), (EVENT.as_bytes(), None));
            assert_eq!(unwrapped.attributes.text("tenant"), Some(expected));
            assert_eq!(unwrapped.attributes.text("source"), Some("/api"));
            assert_eq!(unwrapped.attributes.text("specversion"), None);
            assert_eq!(unwrapped.traceparent.as_deref(), Some("00-aa-bb-01"));
        }
    }

    #[test]
    fn what_is_wrong_with_attributes_of_binary_mode_is_said_of_them_and_the_others_are_kept() {
        let with = |index: usize, value: &'static [u8]| {
            let mut attributes = REQUIRED.to_vec();
            attributes[index].1 = value;
            attributes
        };
        for (attributes, expected) in [
            (with(0, b"999"), Flaw::Version("999".to_owned())),
            (with(1, b""), Flaw::Missing("id")),
            (with(2, b"%ff"), Flaw::NotUtf8("source".to_owned())),
            (REQUIRED[1..].to_vec(), Flaw::Missing("specversion")),
            (
                [&REQUIRED[..], &[("type", b"u")]].concat(),
                Flaw::Twice("type".to_owned()),
            ),
        ] {
            let unwrapped = binary(&attributes, Escaping::Query);
            assert_eq!(unwrapped.flaw, Some(expected));
            assert_eq!(unwrapped.attributes.text("type"), Some("t"));
            assert_eq!(unwrapped.event, EVENT);
        }
        let alone = binary(&[("baggage", b"x")], Escaping::Query);
        assert_eq!((alone.flaw, alone.attributes.is_empty()), (None, true), "no CloudEvent");
    }

    #[test]
    fn an_envelope_in_the_body_counts_before_headers() {
        let headers = Headers {
            attributes: vec![("specversion".to_owned(), b"999".to_vec())],
            ..Headers::NONE
        };
        let unwrapped = super::unwrap(structured(EVENT).into(), false, &headers);
        assert_eq!((&*unwrapped.event, unwrapped.flaw), (EVENT.as_bytes(), None));
    }

    #[test]
    fn a_record_without_a_value_is_a_tombstone_and_data_that_is_null_is_none() {
        assert!(unwrap(raw(b"null").into(), true).is_tombstone);
        assert!(!unwrap(structured("null").into(), false).is_tombstone);
        assert!(!unwrap(raw(b"").into(), true).is_tombstone);
    }
}
