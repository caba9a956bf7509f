//! Values as YAML or JSON text, in one line where they fit. Knows no cases.

use serde_json::Value;
use tidegate_folder::yaml::{self, Kind};

/// Columns of a line.
const COLUMNS: usize = 140;

/// The format of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Json,
}

/// A value in one line.
pub(super) fn line(value: &Value, format: Format) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members = members.iter();
            let members = members.map(|(name, value)| format!("{}: {}", text(name, format), line(value, format)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| line(item, format));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        Value::String(string) => text(string, format),
        other => other.to_string(),
    }
}

/// What stands behind the name of a member in a block, the colon included. `column`: of the name.
pub(super) fn after_name(value: &Value, column: usize, used: usize) -> String {
    let short = line(value, Format::Yaml);
    if is_block(value) && column + used + short.len() + 2 > COLUMNS {
        let indent = column + 2;
        format!(":\n{}{}", " ".repeat(indent), block(value, indent))
    } else {
        format!(": {short}")
    }
}

/// A value in lines of its own; the first is not indented.
pub(super) fn block(value: &Value, column: usize) -> String {
    let next = format!("\n{}", " ".repeat(column));
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members = members.iter().map(|(name, value)| {
                let name = text(name, Format::Yaml);
                let value = after_name(value, column, name.len());
                format!("{name}{value}")
            });
            members.collect::<Vec<_>>().join(&next)
        }
        Value::Array(items) if !items.is_empty() => {
            let items = items.iter().map(|item| format!("- {}", in_place(item, column + 2)));
            items.collect::<Vec<_>>().join(&next)
        }
        other => line(other, Format::Yaml),
    }
}

/// A value that begins in a column, in one line if it fits.
pub(super) fn in_place(value: &Value, column: usize) -> String {
    let short = line(value, Format::Yaml);
    if is_block(value) && column + short.len() > COLUMNS {
        block(value, column)
    } else {
        short
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

/// A text, in quotes unless it is read as itself without.
fn text(text: &str, format: Format) -> String {
    if format == Format::Yaml && is_plain(text) {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

fn is_plain(text: &str) -> bool {
    let is_simple = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@-".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_simple) || text.ends_with(':') {
        return false;
    }
    let read = yaml::read(text);
    let root = read.ok().and_then(|read| read.root);
    matches!(root.map(|root| root.kind), Some(Kind::Scalar(Value::String(found))) if found == text)
}
