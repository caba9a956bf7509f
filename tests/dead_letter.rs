//! From a dead letter the event comes back byte for byte, whatever its template.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_engine::PolicyCatalog;
use tidegate_model::{
    attributes::Attributes,
    dead_letter::{DeadLetter, FailedEvent, Names, Template, outputs},
};
use tidegate_policy::Policy;

/// The templates: that of the tasks policy, none, and two that nobody would write.
fn templates() -> Vec<Option<String>> {
    let tasks = Policy::builtin().catalog().dead_letters.template;
    assert!(tasks.is_some());
    let odd = json!({
        "list": [1, { "deep": 2 }],
        "deep": { "raw": { "original": "text" }, "x": { "from": "/a" } },
        "tenant": { "from": "tenant", "else": "none" },
    });
    let deep =
        json!({ "a": { "b": { "c": { "original": "members" } } }, "payload": { "from": "/payload", "else": "none" } });
    let whole = json!({ "original": "members" });
    let in_base64 = json!({ "raw_base64": { "original": "text" }, "attributes": { "from": "event.attributes" } });
    let written = [odd, deep, whole, in_base64].map(|template| Some(template.to_string()));
    [None, tasks].into_iter().chain(written).collect()
}

fn catalog(template: Option<String>) -> PolicyCatalog {
    let catalog = serde_json::to_value(Policy::builtin().catalog()).expect("JSON");
    let mut catalog: PolicyCatalog = serde_json::from_value(catalog).expect("the same record");
    catalog.dead_letters.template = template;
    catalog
}

/// The dead letter of an event.
fn dead_letter(original: &[u8], template: Option<String>) -> String {
    let attributes: Attributes = serde_json::from_value(json!({ "tenant": "t-1", "n": 7 })).expect("attributes");
    let failed = FailedEvent {
        event: original,
        attributes: &attributes,
        names: &names(),
        error: "it said \"no\"",
        retry_count: 3,
        violations: &[],
        source: "task-events/0@1",
        policy: "sha256:00",
    };
    let catalog = catalog(template);
    let template = Template::of(catalog.dead_letters.template.as_deref()).expect("a template");
    let mut outputs = outputs(&catalog, &template, &failed, "2026-03-02T17:00:00Z");
    outputs.swap_remove(0).event.expect("an event")
}

fn names() -> Names {
    Names {
        id: Some("e-1".to_owned()),
        event_type: Some("task.created".to_owned()),
        key: None,
    }
}

fn original(letter: impl Into<Bytes>) -> Bytes {
    let letter = DeadLetter::read(&letter.into()).expect("a dead letter");
    assert_eq!((letter.error.as_str(), letter.retry_count), ("it said \"no\"", 3));
    let attributes = serde_json::to_string(&letter.attributes).expect("JSON");
    assert_eq!((letter.names, &*attributes), (names(), r#"{"tenant":"t-1","n":7}"#));
    letter.original
}

/// The event, through its dead letter and back, with and without an envelope.
fn there_and_back(event: &[u8]) -> Result<(), TestCaseError> {
    for template in templates() {
        let letter = dead_letter(event, template);
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
        Just("original".to_owned()),
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
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

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
        for template in templates() {
            let once = dead_letter(object.as_bytes(), template.clone());
            let twice = dead_letter(once.as_bytes(), template);
            prop_assert_eq!(original(original(twice)), object.as_bytes());
        }
    }

    #[test]
    fn a_letter_that_is_written_anew_keeps_every_member(object in object(json())) {
        for template in templates() {
            let letter: Value = serde_json::from_str(&dead_letter(object.as_bytes(), template)).expect("JSON");
            for anew in [letter.to_string(), serde_json::to_string_pretty(&letter).expect("JSON")] {
                let back = original(anew);
                let (back, object) = (serde_json::from_slice::<Value>(&back), serde_json::from_str::<Value>(&object));
                prop_assert_eq!(back.expect("JSON"), object.expect("JSON"));
            }
        }
    }
}

/// Two bodies of 4 MiB leave events of up to 6 MiB, when the sidecar writes them in base64.
#[test]
fn every_event_that_a_delivery_can_bring_gets_its_dead_letter() {
    let parts = [r#"{"a":"aaa"#, "\n", " \n", "a word, ", "\"", "\u{1}", "[", r#"{"a":"#];
    for part in parts {
        let text = part.repeat((6 << 20) / part.len());
        for event in [text.as_bytes(), &[text.as_bytes(), b"\xff"].concat()] {
            for template in templates() {
                assert!(
                    original(dead_letter(event, template)) == event,
                    "of {part:?}: the event is not complete"
                );
            }
        }
    }
}

/// Alerts have topics for small records, and a key is part of an address.
#[test]
fn names_that_are_too_long_are_left_out() {
    let long = Names {
        id: Some("i".repeat(500_000)),
        event_type: Some("task.created".to_owned()),
        key: Some("k".repeat(300)),
    };
    let failed = FailedEvent {
        event: b"{}",
        attributes: &Attributes::default(),
        names: &long,
        error: "no",
        retry_count: 0,
        violations: &[],
        source: "task-events/0@1",
        policy: "sha256:00",
    };
    let catalog = catalog(None);
    let template = Template::of(catalog.dead_letters.template.as_deref()).expect("a template");
    let outputs = outputs(&catalog, &template, &failed, "2026-03-02T17:00:00Z");
    assert_eq!(outputs.len(), 2, "a dead letter and an alert");
    for output in outputs {
        assert_eq!(output.key, None);
        assert!(output.event.is_some_and(|event| event.len() < 1000));
    }
}

/// An event whose names are attributes, on which the policy has said nothing.
#[test]
fn names_and_templates_read_the_document_of_an_event() {
    let mut catalog = catalog(None);
    catalog.envelope = serde_json::from_value(
        json!({ "id": "/id", "event_type": "/type", "version": null, "key": "/data/customer", "time": "/at" }),
    )
    .expect("an envelope");
    catalog.cloud_events = serde_json::from_value(json!({
        "attributes": [{ "name": "id", "place": "/id" }, { "name": "type", "place": "/type" }, { "name": "time", "place": "/at" }],
        "payload": "/data",
    }))
    .expect("a mapping");
    let template = json!({
        "id": { "from": "/id" }, "total": { "from": "/data/total" }, "at": { "from": "/at", "else": "never" },
        "none": { "from": "/total", "else": "none" }, "event": { "original": "text" },
    });
    let template = Template::parse(&template).expect("a template");
    let letter = |event: &str, attributes: Value| -> (Names, Value) {
        let attributes: Attributes = serde_json::from_value(attributes).expect("attributes");
        let names = Names::of(event.as_bytes(), &attributes, &catalog);
        let failed = FailedEvent {
            event: event.as_bytes(),
            attributes: &attributes,
            names: &names,
            error: "no",
            retry_count: 0,
            violations: &[],
            source: "orders@1",
            policy: "sha256:00",
        };
        let outputs = outputs(&catalog, &template, &failed, "2026-03-02T17:00:00Z");
        let text = outputs[0].event.as_deref().expect("a text");
        (names, serde_json::from_str(text).expect("JSON"))
    };
    let names = |id: &str| Names {
        id: Some(id.to_owned()),
        event_type: Some("order.placed".to_owned()),
        key: Some("7".to_owned()),
    };

    let attributes = json!({ "id": "o-1", "type": "order.placed", "source": "/shop" });
    let (found, dead) = letter(r#"{"customer":7,"total":1.10}"#, attributes);
    assert_eq!(found, names("o-1"));
    assert_eq!(
        (&dead["id"], &dead["total"].to_string()[..], &dead["at"], &dead["none"]),
        (&json!("o-1"), "1.10", &json!("never"), &json!("none"))
    );

    // Bare, with an attribute that the event itself leaves out.
    let bare = r#"{"id":"o-2","type":"order.placed","data":{"customer":"7","total":2}}"#;
    let (found, dead) = letter(bare, json!({ "time": "2026-03-01T09:30:00Z" }));
    assert_eq!(found, names("o-2"));
    assert_eq!(
        (&dead["total"], &dead["at"]),
        (&json!(2), &json!("2026-03-01T09:30:00Z"))
    );
}
