//! Asks a policy what a golden vector asks.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde_json::{Value, json};
use tidegate_policy::{Attribute, Context, Policy};

/// The files of the vectors.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a readable folder")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

/// The answer of the policy to one case: `{"ok":…}` or `{"err":…}`.
pub(crate) fn answer(policy: &Policy, case: &Value) -> Value {
    let input = &case["input"];
    let text = |name: &str| {
        input[name]
            .as_str()
            .unwrap_or_else(|| panic!("{} needs {name}", case["name"]))
            .to_owned()
    };
    match case["call"].as_str().expect("a call") {
        "validate" => result(policy.validate(&event(input), &attributes(input))),
        "catalog" => result::<_, ()>(Ok(policy.catalog())),
        "migrate" => result(policy.migrate(&event(input), &attributes(input), &text("to_version"))),
        "schedule-for" => result::<_, ()>(Ok(policy.schedule_for(&text("event_type")))),
        "next-attempt" => {
            let attempt = input["attempt"]
                .as_u64()
                .and_then(|attempt| u32::try_from(attempt).ok());
            result::<_, ()>(Ok(
                policy.next_attempt(&text("event_type"), attempt.expect("an attempt"))
            ))
        }
        "process" => {
            let context = Context {
                now: parse(&input["context"]["now"]),
                target_version: parse(&input["context"]["target_version"]),
                handed_back: input["context"]["handed_back"] == true,
            };
            result::<_, ()>(Ok(policy.process(&event(input), &attributes(input), &context)))
        }
        "compose" => result(policy.compose(&event(input), &attributes(input), &text("id"), &text("now"))),
        "json-validate" => result::<_, ()>(Ok(policy.validate_json(&event(input), &attributes_json(input)))),
        "json-migrate" => result::<_, ()>(Ok(
            policy.migrate_json(text("request").as_bytes(), &attributes_json(input))
        )),
        "json-next-attempt" => result::<_, ()>(Ok(policy.next_attempt_json(text("request").as_bytes()))),
        "json-process" => result::<_, ()>(Ok(
            policy.process_json(text("request").as_bytes(), &attributes_json(input))
        )),
        "json-catalog" => result::<_, ()>(Ok(policy.catalog_json())),
        other => panic!("no such call: {other}"),
    }
}

/// The bytes of the event: as text, in base64, or as parts with how often each is repeated.
fn event(input: &Value) -> Vec<u8> {
    if let Some(text) = input["event"].as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(text) = input["event_base64"].as_str() {
        return BASE64.decode(text).expect("base64");
    }
    let parts: Vec<(String, usize)> = parse(&input["event_parts"]);
    parts
        .into_iter()
        .map(|(text, times)| text.repeat(times))
        .collect::<String>()
        .into_bytes()
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
fn attributes_json(input: &Value) -> Vec<u8> {
    match &input["attributes"] {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        members => members.to_string().into_bytes(),
    }
}

fn parse<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("an input of the form that the call takes")
}

fn result<T: Serialize, E: Serialize>(answer: Result<T, E>) -> Value {
    match answer {
        Ok(answer) => json!({ "ok": answer }),
        Err(answer) => json!({ "err": answer }),
    }
}
