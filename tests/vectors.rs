//! The golden vectors, read. `vectors/README.md` says what a case is.

use std::{fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

/// All cases of all files.
pub fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let files = fs::read_dir(folder).expect("a readable folder");
    let files = files.map(|entry| entry.expect("a readable entry").path());
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .flat_map(|file| {
            let text = fs::read_to_string(&file).expect("a readable file");
            serde_json::from_str::<Vec<Value>>(&text).expect("an array of cases")
        })
        .collect()
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
