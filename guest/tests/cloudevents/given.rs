//! A policy whose events come bare and as CloudEvents, and one event of it.

use serde_json::{Value, json};
use tidegate_policy::{Attribute, Bundle, Code, Context, Decided, File, Policy, PolicyError};

const SCHEMA_1: &str = r#"{
    "required": ["id", "customerId", "data"], "properties": { "data": { "required": ["amount"] } },
    "examples": [{ "id": "o-1", "type": "order.placed", "customerId": "c-1", "data": { "amount": 1 } }]
}"#;
const SCHEMA_2: &str = r#"{
    "required": ["id", "customerId", "data"], "properties": { "data": { "required": ["total"] } }
}"#;
const PAID: &str = r#"{
    "required": ["id", "data"],
    "examples": [{ "id": "o-1", "type": "order.paid", "customerId": "c-1", "occurredAt": "2026-03-01T09:30:00Z", "data": [] }]
}"#;

pub(crate) fn manifest() -> Value {
    json!({
        "name": "orders", "version": "1",
        "envelope": {
            "id": "/id", "type": "/type", "version": "/schemaVersion", "key": "/customerId", "time": "/occurredAt",
            "payload": "/data"
        },
        "cloudevents": {
            "id": "id", "type": "type", "version": "dataversion", "key": "subject", "time": "time", "payload": "data"
        },
        "event_types": {
            "order.placed": {
                "channel": "orders", "versions": { "1": "placed-1.json", "2": "placed-2.json" }, "default_version": "1",
                "migrations": [{ "from": "1", "to": "2", "do": [{ "rename": { "from": "/data/amount", "to": "/data/total" } }] }]
            },
            "order.paid": { "channel": "orders", "versions": { "1": "paid.json" } }
        }
    })
}

pub(crate) fn policy(manifest: &Value) -> Result<Policy, PolicyError> {
    let files = [
        ("policy.json", manifest.to_string()),
        ("placed-1.json", SCHEMA_1.to_owned()),
        ("placed-2.json", SCHEMA_2.to_owned()),
        ("paid.json", PAID.to_owned()),
    ];
    let files = files.map(|(name, text)| File {
        name: name.into(),
        text: text.into(),
    });
    Policy::new(&Bundle::from_files(files.into())?, Code::default())
}

pub(crate) fn attributes(members: &Value) -> Vec<Attribute> {
    let members = members.as_object().expect("an object");
    let attribute = |(name, value): (&String, &Value)| Attribute {
        name: name.clone(),
        value: value.as_str().expect("a text").to_owned(),
    };
    members.iter().map(attribute).collect()
}

pub(crate) fn process(manifest: &Value, data: &str, members: &Value) -> Decided {
    let context = Context {
        now: "2026-03-02T17:00:00Z".to_owned(),
        target_version: None,
        handed_back: false,
    };
    let policy = policy(manifest).expect("a policy");
    policy.process(data.as_bytes(), &attributes(members), &context)
}

/// `members` of an order that was placed.
pub(crate) fn placed(more: &Value) -> Value {
    let mut members = json!({
        "id": "o-1", "source": "/shop", "type": "order.placed", "subject": "c-1", "time": "2026-03-01T09:30:00Z"
    });
    for (name, value) in more.as_object().expect("an object") {
        members[name] = value.clone();
        if value.is_null() {
            members.as_object_mut().expect("an object").shift_remove(name);
        }
    }
    members
}

/// What the event itself leaves as: its text, or none where it is unchanged, and the changes to its attributes.
pub(crate) fn leaves(decided: &Decided) -> (Option<&str>, Vec<(&str, Option<&str>)>) {
    let [output] = &decided.outputs[..] else {
        panic!("{decided:?}")
    };
    assert_eq!(Some(&output.id), decided.event_id.as_ref());
    let changes = output.attributes.iter();
    let changes = changes.map(|change| (&*change.name, change.value.as_deref()));
    (output.event.as_deref(), changes.collect())
}
