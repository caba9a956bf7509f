//! Versions at the end of the type or of `dataschema`: read by their text, and written back in the form that they had.

use rstest::rstest;
use serde_json::{Value, json};
use tidegate_policy::Decision;

use crate::given::{leaves, manifest, placed, process};

/// Versions `1.1` and `1.10`.
fn with(envelope: &Value, cloudevents: &Value) -> Value {
    let mut manifest = manifest();
    manifest["envelope"]["version"] = envelope.clone();
    manifest["cloudevents"]["version"] = cloudevents.clone();
    for part in ["envelope", "cloudevents"] {
        let members = manifest[part].as_object_mut().expect("an object");
        if members["version"].is_null() {
            members.shift_remove("version");
        }
    }
    let placed = &mut manifest["event_types"]["order.placed"];
    placed["versions"] = json!({ "1.1": "placed-1.json", "1.10": "placed-2.json" });
    placed["default_version"] = json!("1.1");
    placed["migrations"][0]["from"] = json!("1.1");
    placed["migrations"][0]["to"] = json!("1.10");
    manifest
}

#[rstest]
#[case::dot_v("order.placed.v1.1", Some("order.placed.v1.10"))]
#[case::dot("order.placed.1.1", Some("order.placed.1.10"))]
#[case::none_states_it_then("order.placed", Some("order.placed.v1.10"))]
#[case::as_it_came("order.placed.v1.10", None)]
fn the_end_of_the_type_keeps_its_form(#[case] stated: &str, #[case] expected: Option<&str>) {
    let manifest = with(&json!({ "end_of": "type" }), &Value::Null);
    let data = if expected.is_some() {
        r#"{"amount":1}"#
    } else {
        r#"{"total":1}"#
    };
    let decided = process(&manifest, data, &placed(&json!({ "type": stated })));
    assert_eq!(decided.event_type.as_deref(), Some("order.placed"), "{decided:?}");
    let changes: Vec<_> = expected.map(|changed| ("type", Some(changed))).into_iter().collect();
    assert_eq!(leaves(&decided).1, changes);

    let bare = format!(
        r#"{{"id":"o-1","type":"{stated}","customerId":"c-1","occurredAt":"2026-03-01T09:30:00Z","data":{data}}}"#
    );
    let decided = process(&manifest, &bare, &json!({}));
    let text = expected.map(|changed| bare.replace(stated, changed).replace("amount", "total"));
    assert_eq!(leaves(&decided), (text.as_deref(), vec![]), "{decided:?}");
}

#[rstest]
#[case::other_version("order.placed.v1", "unknown-version", Some("order.placed"))]
#[case::end_of_another("order.placed.v2.1.10", "unknown-version", Some("order.placed"))]
#[case::other_type("order.placed.late", "unknown-event-type", Some("order.placed.late"))]
fn another_end_of_the_type_is_none(#[case] stated: &str, #[case] code: &str, #[case] event_type: Option<&str>) {
    let manifest = with(&json!({ "end_of": "type" }), &Value::Null);
    let decided = process(&manifest, r#"{"amount":1}"#, &placed(&json!({ "type": stated })));
    assert_eq!(decided.decision, Decision::Reject);
    let found: Vec<_> = decided.violations.iter().map(|one| (&*one.code, &*one.path)).collect();
    assert_eq!(
        (found, decided.event_type.as_deref()),
        (vec![(code, "/type")], event_type)
    );
}

#[rstest]
#[case::path("https://example.com/order/1.1", Some("https://example.com/order/1.10"))]
#[case::v("https://example.com/order/v1.1", Some("https://example.com/order/v1.10"))]
#[case::file("https://example.com/order/v1.1.json", Some("https://example.com/order/v1.10.json"))]
#[case::urn("urn:order:1.1", Some("urn:order:1.10"))]
#[case::as_it_came("urn:order:1.10", None)]
fn the_end_of_the_schema_keeps_its_form(#[case] stated: &str, #[case] expected: Option<&str>) {
    let manifest = with(&json!("/schemaVersion"), &json!({ "end_of": "dataschema" }));
    let data = if expected.is_some() {
        r#"{"amount":1}"#
    } else {
        r#"{"total":1}"#
    };
    let decided = process(&manifest, data, &placed(&json!({ "dataschema": stated })));
    let changes: Vec<_> = expected
        .map(|changed| ("dataschema", Some(changed)))
        .into_iter()
        .collect();
    assert_eq!(leaves(&decided).1, changes, "{decided:?}");
}

#[rstest]
#[case::other_version("urn:order:10", "unknown-version")]
#[case::longer("https://example.com/order/v1.1.10", "unknown-version")]
#[case::in_a_query("https://example.com/order?v=1.1", "unknown-version")]
#[case::a_path_in_a_query("https://example.com/order/v1.10?at=/1.1", "unknown-version")]
#[case::before_a_query("https://example.com/order/1.1?draft", "unknown-version")]
#[case::in_a_fragment("https://example.com/order#1.1", "unknown-version")]
#[case::a_path_in_a_fragment("https://example.com/order/1.10.json#/$defs/1.1", "unknown-version")]
#[case::after_a_sign("urn:order=1.1", "unknown-version")]
fn another_end_of_the_schema_is_none(#[case] stated: &str, #[case] code: &str) {
    let manifest = with(&json!("/schemaVersion"), &json!({ "end_of": "dataschema" }));
    let decided = process(&manifest, r#"{"amount":1}"#, &placed(&json!({ "dataschema": stated })));
    let found: Vec<_> = decided.violations.iter().map(|one| (&*one.code, &*one.path)).collect();
    assert_eq!(found, [(code, "/schemaVersion")]);
}

/// It cannot state the version that it would have.
#[test]
fn an_event_without_the_schema_that_would_end_with_its_version_is_rejected() {
    let manifest = with(&json!("/schemaVersion"), &json!({ "end_of": "dataschema" }));
    let decided = process(&manifest, r#"{"amount":1}"#, &placed(&json!({})));
    let found: Vec<_> = decided.violations.iter().map(|one| (&*one.code, &*one.path)).collect();
    assert_eq!(found, [("migration-failed", "/schemaVersion")]);
}

/// It names the schema of the version that the event had.
#[rstest]
#[case::another_version(r#"{"amount":1}"#, json!({ "dataschema": "urn:a" }), vec![("dataversion", Some("2")), ("dataschema", None)])]
#[case::the_same_version(r#"{"total":1}"#, json!({ "dataschema": "urn:a", "dataversion": "2" }), vec![])]
#[case::only_a_time(r#"{"total":1}"#, json!({ "dataschema": "urn:a", "dataversion": "2", "time": null }), vec![("time", Some("2026-03-02T17:00:00Z"))])]
fn a_schema_goes_with_its_version(
    #[case] data: &str,
    #[case] members: Value,
    #[case] expected: Vec<(&str, Option<&str>)>,
) {
    assert_eq!(leaves(&process(&manifest(), data, &placed(&members))).1, expected);
}

#[test]
fn an_attribute_that_states_what_a_member_states_follows_it() {
    let manifest = with(&json!("/data/v"), &json!("dataversion"));
    let data = r#"{"amount":1,"v":"1.1"}"#;
    let decided = process(&manifest, data, &placed(&json!({ "dataversion": "1.1" })));
    let changes = vec![("dataversion", Some("1.10"))];
    assert_eq!(
        leaves(&decided),
        (Some(r#"{"total":1,"v":"1.10"}"#), changes),
        "{decided:?}"
    );
}
