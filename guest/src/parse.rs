//! Reads an event as one unambiguous JSON object: size, UTF-8, JSON, depth, duplicate members, object, in that order.
//! Knows the limits, and nothing of what an event means.

use serde_json::{Map, Value};

use crate::contract::Violation;
use crate::reader::{MAX_VALUES, Reader, SyntaxError};
use crate::violation::{code, in_order};

/// Limits of a text that is read as an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Longest text, in bytes.
    pub(crate) bytes: usize,
    /// Deepest nesting of arrays and objects; `[]` has depth 1.
    pub(crate) depth: usize,
}

/// Reads one value as a policy does: numbers keep their digits and members their order, and no name is there twice.
pub fn read_exact(text: &str) -> Result<Value, Vec<Violation>> {
    let bounds = Bounds {
        bytes: usize::MAX,
        depth: 256,
    };
    read_value(text.as_bytes(), bounds)
}

/// Reads a manifest in the same way, however many values it has.
pub(crate) fn read_manifest(text: &str) -> Result<Value, Vec<Violation>> {
    read_text(text, 256, usize::MAX)
}

/// Reads one object. Numbers keep their digits and members their order.
pub(crate) fn read_object(input: &[u8], bounds: Bounds) -> Result<Map<String, Value>, Vec<Violation>> {
    match read_value(input, bounds)? {
        Value::Object(members) => Ok(members),
        other => {
            let message = format!("must be an object, is {}", kind(&other));
            Err(vec![Violation::new(code::NOT_AN_OBJECT, "", message)])
        }
    }
}

/// Reads one value.
pub(crate) fn read_value(input: &[u8], bounds: Bounds) -> Result<Value, Vec<Violation>> {
    if input.len() > bounds.bytes {
        let message = format!("{} bytes; at most {} are allowed", input.len(), bounds.bytes);
        return Err(vec![Violation::new(code::TOO_LARGE, "", message)]);
    }
    let text = std::str::from_utf8(input).map_err(|error| {
        let message = format!("not UTF-8 at byte {}", error.valid_up_to() + 1);
        vec![Violation::new(code::NOT_UTF8, "", message)]
    })?;
    read_text(text, bounds.depth, MAX_VALUES)
}

fn read_text(text: &str, depth: usize, most_values: usize) -> Result<Value, Vec<Violation>> {
    let mut reader = Reader::new(text, depth, most_values);
    let value = reader.document().map_err(|error| vec![not_json(text, &error)])?;
    if reader.has_too_many_values() {
        let message = format!("more than {most_values} values");
        return Err(vec![Violation::new(code::TOO_LARGE, "", message)]);
    }
    let found = reader.into_found();
    if let Some(too_deep) = found.iter().find(|found| found.code == code::TOO_DEEP) {
        return Err(vec![too_deep.clone()]);
    }
    if !found.is_empty() {
        return Err(in_order(found));
    }
    Ok(value)
}

/// Where the text stops being JSON: line and column from 1, the column in characters.
fn not_json(text: &str, error: &SyntaxError) -> Violation {
    let before = &text.as_bytes()[..error.at];
    let line = before.split(|&byte| byte == b'\n').count();
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let column = before[line_start..].iter().filter(|&&byte| byte & 0xc0 != 0x80).count() + 1;
    let message = format!("not JSON at line {line}, column {column}: {}", error.problem);
    Violation::new(code::NOT_JSON, "", message)
}

/// The JSON type of a value, for messages.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
