//! The golden vectors as questions to a binding: the expected record becomes the text that the contract's `json` interface
//! gives for it. The policy itself is not called.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};

/// All cases that a binding can be asked.
pub(crate) fn lines() -> impl Iterator<Item = Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let files = fs::read_dir(folder).expect("the vectors");
    let mut files: Vec<_> = files.map(|entry| entry.expect("a readable entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files.into_iter().flat_map(|file| {
        let text = fs::read_to_string(&file).expect("a readable file");
        let cases: Vec<Value> = serde_json::from_str(&text).expect("an array of cases");
        let name = file.file_stem().unwrap_or_default().display().to_string();
        cases.into_iter().filter_map(move |case| line(&name, &case))
    })
}

/// One case; `None` for calls and arguments that bindings do not have, and for requests that they write themselves.
fn line(file: &str, case: &Value) -> Option<Value> {
    let call = case["call"].as_str().expect("a call");
    if case["input"]["context"]["handed_back"] == true {
        return None;
    }
    let (ok, err) = (&case["expect"]["ok"], &case["expect"]["err"]);
    let answer = match call {
        "validate" => tagged("valid", ok, err),
        "migrate" => tagged("migrated", ok, err),
        "json-validate" | "json-catalog" => ok.as_str().expect("a text").to_owned(),
        "next-attempt" | "process" | "catalog" => ok.to_string(),
        _ => return None,
    };
    let mut line = Map::new();
    line.insert(
        "name".to_owned(),
        json!(format!("{file}: {}", case["name"].as_str().unwrap_or_default())),
    );
    line.insert("call".to_owned(), json!(call.trim_start_matches("json-")));
    for (name, value) in case["input"].as_object().expect("an input") {
        match name.as_str() {
            "event_parts" => {
                line.insert("event".to_owned(), json!(repeated(value)));
            }
            "context" => line.extend(value.as_object().expect("a context").clone()),
            _ => {
                line.insert(name.clone(), value.clone());
            }
        }
    }
    line.insert("answer".to_owned(), json!(answer));
    Some(line.into())
}

/// The record with one more member before the others, which says which record it is.
fn tagged(name: &str, ok: &Value, err: &Value) -> String {
    let (value, record) = if ok.is_null() { (false, err) } else { (true, ok) };
    let record = record.to_string();
    format!(r#"{{"{name}":{value},{}"#, record.strip_prefix('{').expect("a record"))
}

fn repeated(parts: &Value) -> String {
    let parts: Vec<(String, usize)> = serde_json::from_value(parts.clone()).expect("texts and numbers");
    parts.into_iter().map(|(text, times)| text.repeat(times)).collect()
}
