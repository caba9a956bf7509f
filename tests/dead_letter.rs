//! From a dead letter the event comes back byte for byte: what the policy writes, the host reads.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;
use tidegate_model::dead_letter::DeadLetter;
use tidegate_policy::{Encoding, FailedEvent, Policy};

/// The dead letter of an event, as native Rust makes it.
fn dead_letter(original: &[u8], encoding: Encoding) -> String {
    let original = match encoding {
        Encoding::Text => String::from_utf8(original.to_vec()).expect("text"),
        Encoding::Base64 => BASE64_STANDARD.encode(original),
    };
    let failed = FailedEvent {
        original,
        encoding,
        error: "it said \"no\"".to_owned(),
        retry_count: 3,
        violations: Vec::new(),
        source: "task-events/0@1".to_owned(),
        policy: "sha256:00".to_owned(),
    };
    let outputs = Policy::builtin().dead_letter(&failed, "2026-03-02T17:00:00Z");
    outputs.expect("usable")[0].event.clone().expect("an event")
}

fn original(letter: impl Into<Bytes>) -> Bytes {
    let letter = DeadLetter::read(letter.into()).expect("a dead letter");
    assert_eq!((letter.error.as_str(), letter.retry_count), ("it said \"no\"", 3));
    letter.original
}

/// The event, through its dead letter and back, with and without an envelope.
fn there_and_back(event: &[u8]) -> Result<(), TestCaseError> {
    let encodings = match std::str::from_utf8(event) {
        Ok(_) => vec![Encoding::Text, Encoding::Base64],
        Err(_) => vec![Encoding::Base64],
    };
    for encoding in encodings {
        let letter = dead_letter(event, encoding);
        prop_assert_eq!(original(letter.clone()), event, "{}", letter);
        let head = r#""specversion":"1.0","id":"1","source":"tidegate","type":"dlq.failed""#;
        prop_assert_eq!(original(format!(r#"{{{head},"data":{letter}}}"#)), event);
        let base64 = BASE64_STANDARD.encode(&letter);
        prop_assert_eq!(original(format!(r#"{{"data_base64":"{base64}",{head}}}"#)), event);
    }
    Ok(())
}

fn space() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,2}"
}

/// Any JSON value, with odd spacing.
fn json() -> impl Strategy<Value = String> {
    let text = any::<String>().prop_map(|text| Value::String(text).to_string());
    let number = "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?";
    let leaf = prop_oneof![Just("null".to_owned()), number, text];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let items = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (space(), items).prop_map(|(space, items)| format!("[{space}{}]", items.join(","))),
            object(inner),
        ]
    })
}

/// An object with odd spacing, some of its names those that dead letters have.
fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "[a-c\"\\\\}é]{0,2}",
        Just("dlq_metadata".to_owned()),
        Just("original_text".to_owned()),
        Just("original_base64".to_owned()),
        Just("payload".to_owned()),
        Just("event_type".to_owned()),
    ];
    let member = (name, space(), space(), value, space());
    (space(), prop::collection::vec(member, 0..4)).prop_map(|(space, members)| {
        let members: Vec<_> = members
            .iter()
            .map(|(name, a, b, value, c)| format!("{}{a}:{b}{value}{c}", Value::from(name.as_str())))
            .collect();
        format!("{{{space}{}}}", members.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn objects_come_back_byte_for_byte(before in space(), object in object(json()), after in space()) {
        there_and_back(format!("{before}{object}{after}").as_bytes())?;
    }

    #[test]
    fn texts_that_are_no_objects_come_back_byte_for_byte(text in prop_oneof![any::<String>(), json()]) {
        there_and_back(text.as_bytes())?;
    }

    #[test]
    fn bytes_come_back_byte_for_byte(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        there_and_back(&bytes)?;
    }

    #[test]
    fn a_dead_letter_of_a_dead_letter_comes_back_twice(object in object(json())) {
        let once = dead_letter(object.as_bytes(), Encoding::Text);
        let twice = dead_letter(once.as_bytes(), Encoding::Text);
        prop_assert_eq!(original(original(twice)), object.as_bytes());
    }

    #[test]
    fn a_letter_that_is_written_anew_keeps_every_member(object in object(json())) {
        let letter: Value = serde_json::from_str(&dead_letter(object.as_bytes(), Encoding::Text)).expect("JSON");
        for anew in [letter.to_string(), serde_json::to_string_pretty(&letter).expect("JSON")] {
            let back = original(anew);
            let (back, object) = (serde_json::from_slice::<Value>(&back), serde_json::from_str::<Value>(&object));
            prop_assert_eq!(back.expect("JSON"), object.expect("JSON"));
        }
    }
}
