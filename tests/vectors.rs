//! The golden vectors, read and asked. `vectors/README.md` says what a case is.

use std::{fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tidegate_engine::{Attribute, Context, Policy};

/// All cases of all files.
pub fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let files = fs::read_dir(folder).expect("a readable folder");
    let files = files.map(|entry| entry.expect("a readable entry").path());
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .flat_map(|file| cases_of(&file))
        .collect()
}

/// The cases of one file.
pub fn cases_of(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The event in the input of a case; empty when there is none.
pub fn event(input: &Value) -> Vec<u8> {
    if let Some(base64) = input["event_base64"].as_str() {
        return BASE64_STANDARD.decode(base64).expect("base64");
    }
    if let Some(text) = input["event"].as_str() {
        return text.as_bytes().to_vec();
    }
    let parts = input["event_parts"].as_array().into_iter().flatten();
    let parts = parts.map(|part| serde_json::from_value(part.clone()).expect("a text and a number"));
    parts
        .map(|(text, times): (String, usize)| text.repeat(times))
        .collect::<String>()
        .into_bytes()
}

/// What a policy says to one case, as its `expect` is written; `None` where its interface takes text and the case has none.
pub async fn answer(policy: &Policy, case: &Value) -> Option<Value> {
    let input = &case["input"];
    let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
    Some(match case["call"].as_str().expect("a call") {
        "validate" => outcome(
            policy
                .validate(&event(input), &attributes(input))
                .await
                .expect("no fault"),
        ),
        "catalog" => json!({ "ok": policy.catalog() }),
        "migrate" => outcome(
            policy
                .migrate(&event(input), &attributes(input), &text("to_version"))
                .await
                .expect("no fault"),
        ),
        "schedule-for" => json!({ "ok": policy.schedule_for(&text("event_type")).await.expect("no fault") }),
        "next-attempt" => {
            let attempt = parse(&input["attempt"]);
            json!({ "ok": policy.next_attempt(&text("event_type"), attempt).await.expect("no fault") })
        }
        "process" => {
            let context = Context {
                now: parse(&input["context"]["now"]),
                target_version: parse(&input["context"]["target_version"]),
                handed_back: input["context"]["handed_back"] == true,
            };
            let decided = policy.process(&event(input), &attributes(input), &context).await;
            json!({ "ok": decided.expect("no fault") })
        }
        "compose" => {
            let (id, now) = (text("id"), text("now"));
            let composed = policy.compose(&event(input), &attributes(input), &id, &now).await;
            outcome(composed.expect("no fault"))
        }
        "json-validate" => {
            let event = String::from_utf8(event(input)).ok()?;
            json!({ "ok": policy.json_validate(&event, &attributes_json(input)).await.expect("no fault") })
        }
        "json-migrate" => {
            json!({ "ok": policy.json_migrate(&text("request"), &attributes_json(input)).await.expect("no fault") })
        }
        "json-next-attempt" => json!({ "ok": policy.json_next_attempt(&text("request")).await.expect("no fault") }),
        "json-process" => {
            json!({ "ok": policy.json_process(&text("request"), &attributes_json(input)).await.expect("no fault") })
        }
        "json-catalog" => json!({ "ok": policy.json_catalog().await.expect("no fault") }),
        other => panic!("no such call: {other}"),
    })
}

/// The attributes of the event.
fn attributes(input: &Value) -> Vec<Attribute> {
    let members = input["attributes"].as_object().into_iter().flatten();
    let attribute = |(name, value): (&String, &Value)| Attribute {
        name: name.clone(),
        value: value.as_str().expect("a text").to_owned(),
    };
    members.map(attribute).collect()
}

/// The same as text: as it is written, so that it may be none.
fn attributes_json(input: &Value) -> String {
    match &input["attributes"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        members => members.to_string(),
    }
}

fn parse<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("an input of the form that the call takes")
}

fn outcome<T: Serialize, E: Serialize>(result: Result<T, E>) -> Value {
    match result {
        Ok(answer) => json!({ "ok": answer }),
        Err(answer) => json!({ "err": answer }),
    }
}
