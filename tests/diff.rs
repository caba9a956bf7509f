//! `tidegate diff`: two policies compared by the built program.

use std::{fs, path::Path};

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_harness::{copy_dir, repository};
use tidegate_tests::{Finished, tidegate};

fn example() -> String {
    repository().join("examples/orders").display().to_string()
}

/// A copy of `examples/orders` with another text in one of its files.
fn edited(file: &str, before: &str, after: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    copy_dir(&repository().join("examples/orders"), dir.path()).expect("copied");
    let path = dir.path().join(file);
    let text = fs::read_to_string(&path).expect("readable");
    assert!(text.contains(before), "{before}: {text}");
    fs::write(path, text.replace(before, after)).expect("written");
    dir
}

fn diff(new: &Path, more: &[&str]) -> Finished {
    let (old, new) = (example(), new.display().to_string());
    let args: Vec<&str> = ["diff", &old, &new].iter().chain(more).copied().collect();
    tidegate(&args, b"")
}

fn report(new: &Path, more: &[&str]) -> Value {
    let args: Vec<&str> = ["--json"].iter().chain(more).copied().collect();
    let finished = diff(new, &args);
    assert_eq!(finished.code, 0, "{}", finished.err);
    serde_json::from_str(&finished.out).expect("JSON")
}

#[test]
fn a_policy_is_the_same_as_itself_in_either_form() {
    let out = tempfile::tempdir().expect("a directory");
    let wasm = out.path().join("orders.wasm");
    let build = tidegate(&["build", &example(), "-o", wasm.to_str().expect("text")], b"");
    assert_eq!(build.code, 0, "{}", build.err);
    let same = diff(&wasm, &["--exit-code"]);
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    assert!(
        same.out.contains("the catalog is the same") && same.out.contains("all 4 events stay the same"),
        "{}",
        same.out
    );
    assert!(!same.out.contains("their files differ"), "{}", same.out);
}

#[test]
fn what_no_event_shows_is_not_called_the_same() {
    let new = edited(
        "policy.yaml",
        "decimal(event.data.total) > 0",
        "decimal(event.data.total) > 1",
    );
    let same = diff(new.path(), &["--exit-code"]);
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    assert!(same.out.contains("their files differ all the same"), "{}", same.out);
}

/// An edit of the manifest, and the change of the catalog that it is.
#[rstest]
#[case::retry("10m]", "11m]", &[json!({ "item": "order.placed retries", "old": "5s, 1m, 10m", "new": "5s, 1m, 11m", "refused": false })])]
#[case::default("default_version: 1", "default_version: 2", &[json!({ "item": "order.placed default version", "old": "1", "new": "2", "refused": false })])]
#[case::alert("all }", "[order.placed] }", &[json!({ "item": "alerts ops-alerts", "old": "all", "new": "order.placed", "refused": false })])]
#[case::channel("channel: payments", "channel: money", &[
    json!({ "item": "channel money", "old": null, "new": "", "refused": false }),
    json!({ "item": "channel payments", "old": "", "new": null, "refused": false }),
    json!({ "item": "payment.received channels", "old": "payments", "new": "money", "refused": false }),
])]
#[case::removed_type("  order.cancelled:\n    channel: orders\n    versions: { 1: order.cancelled/1.json }\n", "", &[
    json!({ "item": "order.cancelled", "old": "accepted", "new": null, "refused": true }),
])]
#[case::name("name: orders", "name: shop", &[])]
fn changes_of_the_catalog_are_named(#[case] before: &str, #[case] after: &str, #[case] expected: &[Value]) {
    let dir = edited("policy.yaml", before, after);
    let report = report(dir.path(), &[]);
    assert_eq!(report["catalog"].as_array().expect("a list"), expected, "{report}");
    let shown = diff(dir.path(), &["--exit-code"]);
    let is_same = expected.is_empty() && report["changed"] == 0;
    assert_eq!(shown.code, i32::from(!is_same), "{}", shown.out);
    let is_refused = expected.iter().any(|change| change["refused"] == true);
    assert_eq!(shown.out.contains("a gate refuses this"), is_refused, "{}", shown.out);
}

#[test]
fn a_version_that_goes_is_refused_by_a_gate() {
    let dir = edited("policy.yaml", "{ 1: payment", "{ 2: payment");
    let path = dir.path().join("payment.received/1.json");
    let schema = fs::read_to_string(&path).expect("readable");
    fs::write(
        path,
        schema.replace(r#""schemaVersion": "1""#, r#""schemaVersion": "2""#),
    )
    .expect("written");
    let report = report(dir.path(), &[]);
    let changes = report["catalog"].as_array().expect("a list");
    let shown: Vec<_> = changes
        .iter()
        .map(|change| (change["item"].as_str(), change["refused"] == true))
        .collect();
    let expected = [
        ("payment.received 1", true),
        ("payment.received 2", false),
        ("payment.received default version", false),
        ("payment.received target version", false),
    ];
    assert_eq!(shown, expected.map(|(item, refused)| (Some(item), refused)), "{report}");
}

#[test]
fn decisions_are_compared_and_the_smallest_example_is_kept() {
    // Orders need a note from now on.
    let currency = "- add: { at: /data/currency, value: EUR, otherwise: reject }";
    let and_note = format!("{currency}\n          - add: {{ at: /data/note, value: none, otherwise: reject }}");
    let dir = edited("policy.yaml", currency, &and_note);
    let path = dir.path().join("order.placed/2.json");
    let mut schema: Value = serde_json::from_slice(&fs::read(&path).expect("readable")).expect("JSON");
    let required = schema["properties"]["data"]["required"].as_array_mut().expect("a list");
    required.push(json!("note"));
    schema["examples"][0]["data"]["note"] = json!("x");
    fs::write(path, schema.to_string()).expect("written");
    let order = |id: &str, more: &str| {
        format!(
            r#"{{"id":"{id}","type":"order.placed","schemaVersion":"2","customerId":"c-1","occurredAt":"2026-03-02T08:00:00Z","data":{{"orderId":100,"total":"24.90","currency":"EUR","lines":[{{"sku":"tea-250","qty":3}}]{more}}}}}"#
        )
    };
    let cloud_event = r#"{"specversion":"1.0","id":"42","source":"/shop","type":"order.placed","subject":"c-4","time":"2026-03-02T08:05:00Z","dataversion":"2","data":{"orderId":104,"total":"24.90","currency":"EUR","lines":[{"sku":"tea-250","qty":3}]}}"#;
    let lines = [
        order("o-100000", ""),
        order("o-2", r#","note":"x""#),
        order("o-1", ""),
        cloud_event.to_owned(),
        "no JSON".to_owned(),
    ];
    let events = dir.path().join("sample.jsonl");
    fs::write(&events, lines.join("\n")).expect("written");
    let report = report(dir.path(), &["--events", events.to_str().expect("text")]);
    assert_eq!(
        (&report["judged"], &report["same"], &report["changed"]),
        (&json!(5), &json!(2), &json!(3))
    );
    let change = &report["changes"][0];
    assert_eq!(
        (&change["kind"], &change["count"]),
        (&json!("forward → reject"), &json!(3))
    );
    assert_eq!(
        (&change["event_type"], &change["version"]),
        (&json!("order.placed"), &json!("2"))
    );
    assert_eq!(
        change["new_violations"],
        json!([{ "code": "required", "path": "/data/note" }])
    );
    assert_eq!(
        change["example"]["source"], "line 4",
        "the CloudEvent's data is the smallest: {change}"
    );
    assert_eq!(change["example"]["attributes"]["dataversion"], "2");
    let shown = diff(dir.path(), &["--events", events.to_str().expect("text")]);
    for part in [
        "3 events change, 2 stay the same",
        "forward → reject",
        "42  line 4",
        "new: required at /data/note",
    ] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
}

#[test]
fn outputs_are_compared_by_place_and_value() {
    let dir = edited("policy.yaml", "value: EUR", "value: USD");
    let report = report(dir.path(), &[]);
    let change = &report["changes"][0];
    assert_eq!(change["kind"], "output changed at /data/currency", "{report}");
    assert_eq!(
        change["values"],
        json!([{ "path": "/data/currency", "old": "\"EUR\"", "new": "\"USD\"" }])
    );
    assert_eq!(change["example"]["source"], "example of order.placed 1");
}

#[test]
fn what_cannot_be_read_is_said() {
    let dir = tempfile::tempdir().expect("a directory");
    let missing = diff(dir.path(), &[]);
    assert_eq!(missing.code, 3, "{}{}", missing.out, missing.err);
    let missing = diff(&repository().join("examples/orders"), &["--events", "/nowhere"]);
    assert_eq!(missing.code, 3, "{}{}", missing.out, missing.err);
    assert!(missing.err.contains("/nowhere"), "{}", missing.err);
}
