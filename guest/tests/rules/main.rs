//! Rules, drop rules and channels of a policy of plain files. Each file beside this one is a list of cases: a manifest's event types, and
//! events with what becomes of them.

mod support;

use std::path::Path;

use rstest::rstest;
use serde_json::{Value, json};
use tidegate_policy::{Attribute, Context, Decided, Decision};

use support::policy;

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
                handed_back: false,
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
    assert_eq!(
        catalog.channels,
        ["audit", "dlq", "low", "orders", "reviews", "stock", "vip"]
    );
}

/// As the rules of an event do, its drop rules, and its channels.
#[test]
fn the_conditions_of_what_follows_share_their_steps() {
    let when = "event.items.all(a, event.items.all(b, a == b))";
    let emits = [("review", when), ("stock", when)].map(|(name, when)| json!({ "type": name, "when": when }));
    let event = json!({ "id": "1", "type": "order", "total": 1, "lines": vec![1; 300] }).to_string();
    let decided = |emits: &[Value]| {
        let policy = policy(&json!({ "emits": emits })).expect("a policy");
        let context = Context {
            now: "2026-03-01T09:30:00Z".to_owned(),
            target_version: None,
            handed_back: false,
        };
        line(&policy.process(event.as_bytes(), &[], &context))
    };
    assert_eq!(decided(&emits[..1]), "forward to orders and reviews");
    assert!(
        decided(&emits).starts_with("rule-cost at \"\": emits stock: "),
        "{}",
        decided(&emits)
    );
}

fn cases(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("a file of cases");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
