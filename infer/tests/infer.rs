//! What is inferred from small samples: where events state what, and schemas that say what the samples give a reason for.

use std::fs;

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use tidegate_infer::{InferError, Inferred, Sample, infer, manifest};

fn sample(line: usize, event: &Value) -> Sample {
    Sample::new(line, event.to_string().as_bytes(), vec![]).expect("a sample")
}

fn bare(events: &[Value]) -> Inferred {
    let samples: Vec<_> = events
        .iter()
        .enumerate()
        .map(|(at, event)| sample(at + 1, event))
        .collect();
    infer(&samples).expect("inferred")
}

/// The schema of the only type.
fn schema(events: &[Value]) -> Value {
    let schemas = bare(events).schemas();
    assert_eq!(schemas.len(), 1);
    let mut schema: Value = serde_json::from_str(&schemas[0].text).expect("JSON");
    schema["properties"]["value"].take()
}

/// So many events with this value.
fn with(count: usize, value: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..count)
        .map(|at| json!({ "id": at, "type": "a", "value": value(at) }))
        .collect()
}

#[test]
fn where_events_state_what_is_found_by_how_the_values_are_spread() {
    let events: Vec<_> = (0..20)
        .map(|at| {
            let (kind, more) = if at % 3 == 0 { ("opened", "from") } else { ("closed", "why") };
            json!({
                "meta": { "event_id": format!("e-{at}"), "kind": kind, "schemaVersion": 2, "at": format!("2026-03-01T09:30:{at:02}Z") },
                "customerId": at % 4,
                "status": "on",
                "detail": { more: "x" }
            })
        })
        .collect();
    let inferred = bare(&events);
    assert_eq!(
        Value::from(inferred.envelope.clone()),
        json!({ "id": "/meta/event_id", "type": "/meta/kind", "version": "/meta/schemaVersion", "key": "/customerId", "time": "/meta/at" })
    );
    let types: Vec<_> = inferred
        .event_types
        .iter()
        .map(|found| (found.name.as_str(), found.events, found.versions[0].version.as_str()))
        .collect();
    assert_eq!(types, [("closed", 13, "2"), ("opened", 7, "2")]);
}

#[test]
fn events_without_an_id_are_told_apart_by_two_members_or_not_at_all() {
    let edit = |at: usize| json!({ "time": format!("2026-03-01T09:30:{:02}Z", at / 2), "page": format!("p{}", at % 2), "type": "edit" });
    let inferred = bare(&(0..20).map(edit).collect::<Vec<_>>());
    assert_eq!(inferred.envelope["id"], json!({ "of": ["/time", "/page"] }));
    let text = manifest(&inferred, "edits");
    assert!(
        text.contains("envelope: { id: { of: [/time, /page] }, type: /type, time: /time }"),
        "{text}"
    );

    let reading = |at: usize| json!({ "type": "reading", "value": at });
    let inferred = bare(&[reading(1), reading(2), reading(2)]);
    assert!(!inferred.envelope.contains_key("id"));
    assert!(manifest(&inferred, "readings").contains("idempotency: off"));
}

#[test]
fn an_event_that_was_delivered_twice_is_one() {
    let mut events = with(4, Into::into);
    events.push(events[0].clone());
    let inferred = bare(&events);
    assert_eq!((inferred.events, &inferred.envelope["id"]), (4, &json!("/id")));
}

#[rstest]
#[case::an_integer(5, |at: usize| at.into(), json!({ "type": "integer" }))]
#[case::too_few_for_an_integer(4, |at: usize| at.into(), json!({ "type": "number" }))]
#[case::a_fraction(9, |at: usize| if at == 8 { json!(0.5) } else { at.into() }, json!({ "type": "number" }))]
#[case::a_time(3, |at: usize| format!("2026-03-01T09:30:0{at}Z").into(), json!({ "type": "string", "format": "date-time" }))]
#[case::not_always_a_time(9, |at: usize| if at == 8 { "never".into() } else { "2026-03-01T09:30:00Z".into() }, json!({ "type": "string" }))]
#[case::too_few_for_an_address(9, |at: usize| format!("https://a.example/{at}").into(), json!({ "type": "string" }))]
#[case::an_address(10, |at: usize| format!("https://a.example/{at}").into(), json!({ "type": "string", "format": "uri" }))]
#[case::null_or_text(9, |at: usize| if at == 8 { Value::Null } else { format!("t{at}").into() }, json!({ "type": ["string", "null"] }))]
#[case::null_alone_says_nothing(9, |_| Value::Null, json!({}))]
#[case::an_empty_array(9, |_| json!([]), json!({ "type": "array" }))]
#[case::items(9, |at: usize| json!([at, "x"]), json!({ "type": "array", "items": { "type": ["string", "integer"] } }))]
#[case::words(120, |at: usize| ["on", "off"][at % 2].into(), json!({ "enum": ["off", "on"] }))]
#[case::words_or_null(180, |at: usize| [json!("on"), json!("off"), Value::Null][at % 3].clone(), json!({ "enum": ["off", "on", null] }))]
#[case::one_word(120, |_| "on".into(), json!({ "const": "on" }))]
#[case::one_name_of_a_person(120, |_| "user 7".into(), json!({ "type": "string" }))]
#[case::too_few_for_words(99, |at: usize| ["on", "off"][at % 2].into(), json!({ "type": "string" }))]
#[case::a_word_that_came_late(120, |at: usize| if at > 100 { "new" } else { ["on", "off"][at % 2] }.into(), json!({ "type": "string" }))]
#[case::a_rare_word(120, |at: usize| if at == 3 { "rare" } else { ["on", "off"][at % 2] }.into(), json!({ "type": "string" }))]
#[case::many_words(340, |at: usize| format!("w{}", at % 17).into(), json!({ "type": "string" }))]
#[case::members(3, |at: usize| if at == 0 { json!({ "a": true, "b": "x" }) } else { json!({ "a": false }) },
    json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "boolean" }, "b": { "type": "string" } } }))]
#[case::keys(10, |at: usize| json!({ format!("k{at}"): at }), json!({ "type": "object", "additionalProperties": { "type": "integer" } }))]
fn a_schema_says_what_there_is_a_reason_for(
    #[case] count: usize,
    #[case] value: fn(usize) -> Value,
    #[case] expected: Value,
) {
    assert_eq!(schema(&with(count, value)), expected);
}

#[test]
fn the_data_of_cloud_events_stands_beside_their_attributes() {
    let event = |id: &str| {
        let attributes = [
            ("id", id),
            ("source", "/shop"),
            ("type", "order.placed"),
            ("time", "2026-03-01T09:30:00Z"),
        ];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Sample::new(1, br#"{"id":1,"total":2}"#, attributes.to_vec()).expect("a sample")
    };
    let inferred = infer(&[event("a"), event("b")]).expect("inferred");
    let text = manifest(&inferred, "shop");
    assert!(
        text.contains("envelope: { id: /id, type: /type, time: /time, payload: /data }"),
        "{text}"
    );
    assert!(
        text.contains("cloudevents: { id: id, type: type, time: time, payload: data }"),
        "{text}"
    );
    let schema: Value = serde_json::from_str(&inferred.schemas()[0].text).expect("JSON");
    assert_eq!(schema["required"], json!(["id", "type", "time", "data"]));
    assert_eq!(schema["properties"]["data"]["required"], json!(["id", "total"]));
}

#[test]
fn bare_events_and_cloud_events_of_one_shop_have_one_schema() {
    let data = |at: usize| json!({ "total": at, "note": "x" });
    let mut samples: Vec<_> = (0..6)
        .map(|at| {
            sample(
                at,
                &json!({ "id": at.to_string(), "type": "order.placed", "data": data(at) }),
            )
        })
        .collect();
    for id in ["x", "y"] {
        let attributes = [("id", id), ("source", "/shop"), ("type", "order.placed")];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        samples.push(Sample::new(9, data(9).to_string().as_bytes(), attributes.to_vec()).expect("a sample"));
    }
    let inferred = infer(&samples).expect("inferred");
    assert_eq!(inferred.envelope["payload"], "/data");
    assert_eq!((inferred.events, inferred.event_types.len()), (8, 1));
}

#[test]
fn each_version_has_a_schema_and_leads_to_the_next_one() {
    let event = |at: usize| match at % 3 {
        0 => json!({ "id": at, "type": "a", "version": "1.10", "value": { "total": at, "currency": "EUR" } }),
        1 => json!({ "id": at, "type": "a", "version": "1.9", "value": { "amount": at } }),
        _ => json!({ "id": at, "type": "a", "value": { "amount": 0.5 } }),
    };
    let inferred = bare(&(0..30).map(event).collect::<Vec<_>>());
    let text = manifest(&inferred, "shop");
    let expected = "
  a:
    channel: events
    versions: { \"1.9\": schemas/a/1.9.json, \"1.10\": schemas/a/1.10.json }
    default_version: \"1.9\"
    migrations: # what changed is not known: say it under `do`, then narrow the newer schema
      - { from: \"1.9\", to: \"1.10\", otherwise: reject, do: [] }
";
    assert!(text.contains(expected), "{text}");
    let versions = inferred.event_types[0].versions.iter();
    let versions: Vec<_> = versions.map(|found| (&*found.version, found.events)).collect();
    assert_eq!(versions, [("1.9", 20), ("1.10", 10)]);
    let [older, newer] = [0, 1].map(|at| {
        let mut schema: Value = serde_json::from_str(&inferred.schemas()[at].text).expect("JSON");
        schema["properties"]["value"].take()
    });
    assert_eq!(older["required"], json!(["amount"]));
    // The newer one takes what the older one takes, and no event of which a member was removed.
    assert_eq!(newer.get("required"), None);
    assert_eq!(
        newer["anyOf"],
        json!([{ "required": ["amount"] }, { "required": ["total", "currency"] }])
    );
    assert_eq!(newer["properties"]["total"], json!({ "type": "integer" }));
    let said = "Events state several versions at /version: a (1.9, 1.10).";
    assert!(
        inferred.check.iter().any(|check| check.starts_with(said)),
        "{:?}",
        inferred.check
    );
}

/// An order in one of three versions, each of which changed something.
fn order(at: usize) -> Value {
    let version = at % 3 + 1;
    let data = match version {
        1 => json!({ "amount": at, "by": { "name": "n", "on": "web" } }),
        2 => {
            json!({ "total": format!("{at}.50"), "by": { "name": "n", "id": at }, "lines": [{ "sku": "a", "qty": 1 }] })
        }
        _ => json!({ "total": { "value": at }, "currency": "EUR", "lines": [{ "sku": "a", "count": 1.5 }] }),
    };
    json!({ "id": at.to_string(), "type": "order.placed", "version": version, "at": "2026-03-01T09:30:00Z", "data": data })
}

#[rstest]
#[case::few(6)]
#[case::many(360)]
fn a_folder_with_versions_is_proved(#[case] count: usize) {
    let inferred = bare(&(0..count).map(order).collect::<Vec<_>>());
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("policy.yaml"), manifest(&inferred, "shop")).expect("written");
    for schema in inferred.schemas() {
        let path = dir.path().join(&schema.path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, schema.text).expect("written");
    }
    let proof = tidegate_prove::prove_folder(dir.path(), &tidegate_prove::Settings::default(), |_| {});
    let proof = proof.unwrap_or_else(|error| panic!("{:#}", anyhow::Error::from(error)));
    assert_eq!((proof.versions.len(), proof.migrations), (3, 2));
    assert_eq!(proof.incomplete().count(), 0);
}

#[rstest]
#[case::nothing(&[], InferError::Empty)]
#[case::no_type(&[json!({ "a": 1 }), json!({ "a": 2 })], InferError::NoType)]
fn what_cannot_be_inferred_is_said(#[case] events: &[Value], #[case] expected: InferError) {
    let samples: Vec<_> = events.iter().map(|event| sample(1, event)).collect();
    assert_eq!(infer(&samples).err(), Some(expected));
}

#[rstest]
#[case::no_object("[1]", &[], InferError::NoObject { line: 7 })]
#[case::no_json("{", &[], InferError::NoObject { line: 7 })]
#[case::binary_data("\u{1}", &[("id", "1")], InferError::NotJson { line: 7 })]
fn a_line_that_is_no_event_is_named(
    #[case] text: &str,
    #[case] attributes: &[(&str, &str)],
    #[case] expected: InferError,
) {
    let attributes = attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    assert_eq!(Sample::new(7, text.as_bytes(), attributes.collect()), Err(expected));
}

#[rstest]
#[case("on", "\"on\":")]
#[case("1", "\"1\":")]
#[case("a: b", "\"a: b\":")]
#[case("a \"b\" \\ c", r#""a \"b\" \\ c":"#)]
#[case("order.placed", "order.placed:")]
fn a_type_is_quoted_where_yaml_would_read_something_else(#[case] event_type: &str, #[case] expected: &str) {
    let events: Vec<_> = (0..3).map(|at| json!({ "id": at, "type": event_type })).collect();
    let text = manifest(&bare(&events), "name");
    assert!(text.contains(&format!("\n  {expected}\n")), "{text}");
}

/// Any JSON.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "[a-z]{0,3}".prop_map(Value::from),
        Just(json!("2026-03-01T09:30:00Z")),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,2}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The schemas of an inferred policy, as validators.
fn validators(inferred: &Inferred) -> Vec<jsonschema::Validator> {
    let options = || {
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
        options.should_validate_formats(true)
    };
    let validator = |text: &str| {
        let schema: Value = serde_json::from_str(text).expect("JSON");
        options().build(&schema).expect("a schema")
    };
    inferred
        .schemas()
        .iter()
        .map(|schema| validator(&schema.text))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_sample_is_valid(values in prop::collection::vec(value(), 1..140)) {
        let events = with(values.len(), |at| values[at].clone());
        let inferred = bare(&events);
        let validators = validators(&inferred);
        for event in &events {
            prop_assert!(validators[0].is_valid(event), "{event} is not valid in {}", inferred.schemas()[0].text);
        }
    }

    #[test]
    fn what_is_valid_in_a_version_is_valid_in_all_newer_ones(
        samples in prop::collection::vec((value(), 0_usize..3), 1..140),
        others in prop::collection::vec(value(), 1..20),
    ) {
        let event = |at: usize, version: usize, value: &Value| json!({ "id": at, "type": "a", "version": version, "value": value });
        let mut events: Vec<_> = samples.iter().enumerate().map(|(at, (value, version))| event(at, *version, value)).collect();
        events.extend((0..3).map(|version| event(1000 + version, version, &json!(0))));
        let inferred = bare(&events);
        let validators = validators(&inferred);
        prop_assert_eq!(validators.len(), 3);
        for event in &events {
            let version = usize::try_from(event["version"].as_u64().expect("a version")).expect("small");
            prop_assert!(validators[version].is_valid(event), "{event} is not valid in {}", inferred.schemas()[version].text);
        }
        for (at, value) in others.iter().chain(samples.iter().map(|(value, _)| value)).enumerate() {
            for version in 0..2 {
                // As a migration leaves it.
                let [older, newer] = [version, version + 1].map(|version| event(at, version, value));
                prop_assert!(
                    !validators[version].is_valid(&older) || validators[version + 1].is_valid(&newer),
                    "{value} is valid in {version} alone"
                );
            }
        }
    }
}
