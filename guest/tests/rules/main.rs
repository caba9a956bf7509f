//! Rules, drop rules and channels of a policy of plain files. Each file beside this one is a list of cases: a manifest's event types, and
//! events with what becomes of them.

use std::error::Error;
use std::path::Path;

use rstest::rstest;
use serde_json::{Value, json};
use tidegate_policy::{Attribute, Bundle, Code, Context, Decided, Decision, File, Policy};

/// A type with two versions, whose total was a number in the first.
fn bundle(parts: &Value) -> Value {
    let mut event_type = json!({
        "versions": { "1": "1.json", "2": "2.json" },
        "default_version": "1",
        "channel": "orders",
        "migrations": [{ "from": "1", "to": "2", "do": [
            { "convert": { "at": "/total", "from": "number", "to": "decimal-string" } },
            { "rename": { "from": "/lines", "to": "/items" } }
        ] }],
    });
    let all = event_type.as_object_mut().expect("an object");
    for (name, value) in parts.as_object().expect("parts of an event type") {
        all.insert(name.clone(), value.clone());
    }
    json!({
        "name": "orders",
        "version": "1.0.0",
        "envelope": { "id": "/id", "type": "/type", "version": "/version" },
        "event_types": { "order": event_type },
    })
}

fn schema(total: &str, lines: &str, example: &str) -> String {
    let example: Value = serde_json::from_str(example).expect("JSON");
    json!({
        "type": "object",
        "required": ["total"],
        "properties": { "total": { "type": total }, lines: { "type": "array" } },
        "examples": [example],
    })
    .to_string()
}

fn policy(parts: &Value) -> Result<Policy, String> {
    let file = |name: &str, text: String| File {
        name: name.to_owned().into(),
        text: text.into(),
    };
    let one = r#"{"id":"e","type":"order","version":"1","total":5,"lines":[{"qty":1}]}"#;
    let two = r#"{"id":"e","type":"order","version":"2","total":"5","items":[{"qty":1}]}"#;
    let files = vec![
        file("policy.json", bundle(parts).to_string()),
        file("1.json", schema("number", "lines", one)),
        file("2.json", schema("string", "items", two)),
    ];
    let bundle = Bundle::from_files(files).map_err(|error| {
        format!(
            "{error}: {}",
            error.source().map_or_else(String::new, ToString::to_string)
        )
    })?;
    Policy::new(&bundle, Code::default()).map_err(|error| error.to_string())
}

/// A decision in one line: what a case states.
fn line(decided: &Decided) -> String {
    let violations = decided.violations.iter().map(|violation| {
        let version = violation.version.as_ref().map(|version| format!(" in {version}"));
        let rule = violation.rule.as_deref().map(|rule| format!(" by {rule}"));
        let (version, rule) = (version.unwrap_or_default(), rule.unwrap_or_default());
        format!(
            "{} at {:?}{version}{rule}: {}",
            violation.code, violation.path, violation.message
        )
    });
    match decided.decision {
        Decision::Forward => {
            let channels: Vec<_> = decided.outputs.iter().map(|output| &*output.channel).collect();
            format!("forward to {}", channels.join(" and "))
        }
        Decision::Drop => format!("drop by {}", decided.rule.as_deref().unwrap_or("no channel")),
        Decision::Reject => violations.collect::<Vec<_>>().join("; "),
    }
}

fn attributes(of: &Value) -> Vec<Attribute> {
    let members = of.as_object().into_iter().flatten();
    let attribute = |(name, value): (&String, &Value)| Attribute {
        name: name.clone(),
        value: value.as_str().expect("a text").to_owned(),
    };
    members.map(attribute).collect()
}

#[rstest]
fn every_case_becomes_what_it_says(#[files("tests/rules/*.json")] file: std::path::PathBuf) {
    for case in cases(&file) {
        let what = &case["what"];
        let policy = policy(&case["type"]);
        if let Some(refused) = case["refused"].as_str() {
            let error = policy.err().unwrap_or_else(|| panic!("{what}: it is a policy"));
            assert!(error.contains(refused), "{what}: {error}");
            continue;
        }
        let policy = policy.unwrap_or_else(|error| panic!("{what}: {error}"));
        for given in case["events"].as_array().expect("events") {
            let attributes = attributes(&given["attributes"]);
            let context = Context {
                now: "2026-03-01T09:30:00Z".to_owned(),
                target_version: given["target"].as_str().map(str::to_owned),
            };
            let event = given["event"].as_str().expect("the text of an event");
            let decided = policy.process(event.as_bytes(), &attributes, &context);
            assert_eq!(
                line(&decided),
                given["is"].as_str().expect("a decision"),
                "{what}: {event}"
            );
            let rejected = policy.validate(event.as_bytes(), &attributes).err();
            let violations = rejected.map(|rejection| rejection.violations).unwrap_or_default();
            let is_by_rule = |code: &str| !matches!(code, "rule-error" | "rule-cost");
            if decided.violations.iter().all(|violation| is_by_rule(&violation.code)) {
                assert_eq!(
                    violations, decided.violations,
                    "{what}: validate says the same of {event}"
                );
            }
        }
    }
}

#[test]
fn the_catalog_names_rules_drop_rules_and_channels() {
    let policy = policy(&json!({
        "rules": [{ "id": "a", "expr": "true", "message": "m" }, { "id": "b", "expr": "true", "message": "m" }],
        "drop": [{ "id": "c", "when": "false" }],
        "channel": [{ "when": "false", "to": ["vip", "audit"] }, { "to": "orders" }],
    }))
    .expect("a policy");
    let catalog = policy.catalog();
    assert_eq!(catalog.event_types[0].rules, ["a", "b"]);
    assert_eq!(catalog.event_types[0].drop_rules, ["c"]);
    assert_eq!(catalog.event_types[0].channels, ["vip", "audit", "orders"]);
    assert_eq!(catalog.channels, ["audit", "dlq", "orders", "vip"]);
}

fn cases(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("a file of cases");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
