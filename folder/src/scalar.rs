//! What a text without quotes means in YAML 1.2: a number with its digits, true, false, null or itself. Knows no document.

use serde_json::{Number, Value};

/// The value of a text without quotes. Fails with what is wrong.
pub(crate) fn plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        text if looks_numeric(text) => {
            serde_json::from_str::<Number>(text).map_err(|_| {
                let what = "is a number in YAML and not in JSON: put it in quotes, or write it as JSON does";
                format!("{text} {what}")
            })?;
            // Not what `serde_json` made of it, which writes `1E5` as `1e+5`.
            Value::Number(Number::from_string_unchecked(text.to_owned()))
        }
        _ => Value::String(text.to_owned()),
    })
}

/// Whether YAML 1.2 takes a text for a number.
fn looks_numeric(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-']);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let is_of = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return is_of(digits, 16);
    }
    if let Some(digits) = unsigned.strip_prefix("0o") {
        return is_of(digits, 8);
    }
    let is_one_sign = text.len() <= unsigned.len() + 1;
    let has_digit = unsigned.starts_with(|first: char| first.is_ascii_digit())
        || unsigned
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    // What the standard's expression allows: digits, a point, an exponent.
    is_one_sign && has_digit && unsigned.parse::<f64>().is_ok()
}
