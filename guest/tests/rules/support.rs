//! A policy of one event type in two versions, for all cases, and of two types that may follow from it.

use std::error::Error;

use serde_json::{Value, json};
use tidegate_policy::{Bundle, Code, File, Policy};

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
        "event_types": {
            "order": event_type,
            "review": { "channel": "reviews", "versions": { "1": "review.json" } },
            "stock": {
                "channel": [{ "when": "event.total == '7'", "to": "low" }, { "to": "stock" }],
                "drop": [{ "id": "none", "when": "has(event.total) && event.total == '0'" }],
                "versions": { "1": "stock.json" }
            },
        },
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

/// A policy of one type with these parts.
pub(crate) fn policy(parts: &Value) -> Result<Policy, String> {
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
        file("review.json", r#"{"examples":[{"id":"e","type":"review"}]}"#.to_owned()),
        file("stock.json", r#"{"examples":[{"id":"e","type":"stock"}]}"#.to_owned()),
    ];
    let bundle = Bundle::from_files(files).map_err(|error| {
        format!(
            "{error}: {}",
            error.source().map_or_else(String::new, ToString::to_string)
        )
    })?;
    Policy::new(&bundle, Code::default()).map_err(|error| error.to_string())
}
