//! Numbers as they are written. Knows their text, never their value as a float.

/// Whether the text of a JSON number stands for an integer, as JSON Schema understands it: `1.0` and `12e3` do, `1.5` and
/// `1e-1` do not. Works on the digits, so that an exponent of a billion costs nothing.
pub(crate) fn is_integer(number: &str) -> bool {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = whole.trim_start_matches('-');
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() && whole.bytes().all(|digit| digit == b'0') {
        return true;
    }
    // How far the point has to move to the right, at least, before nothing but zeros is behind it.
    let needed = if fraction.is_empty() {
        -signed(whole.len() - whole.trim_end_matches('0').len())
    } else {
        signed(fraction.len())
    };
    // An exponent too long for 64 bits moves the point further than there are digits.
    let exponent = exponent
        .parse()
        .unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
    exponent >= needed
}

/// Whether a text is an integer written plainly, without fraction and exponent.
pub(crate) fn is_plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = digits == "0" || !digits.starts_with('0');
    !digits.is_empty() && canonical && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Number, Value, json};

    use super::*;

    proptest! {
        /// Two independent answers to what an integer is.
        #[test]
        fn agrees_with_the_schema_library(number in "-?(0|[1-9][0-9]{0,6})(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?", zeros in "[1-9]0{0,4}(\\.0{1,3})?[eE]-?[0-5]") {
            let library = jsonschema::validator_for(&json!({ "type": "integer" })).expect("a schema");
            for text in [number, zeros] {
                let value = Value::Number(Number::from_string_unchecked(text.clone()));
                prop_assert_eq!(is_integer(&text), library.is_valid(&value), "{}", text);
            }
        }
    }

    #[test]
    fn knows_plain_integers() {
        for plain in ["0", "-1", "42", "1180591620717411303424"] {
            assert!(is_plain_integer(plain), "{plain}");
        }
        for other in ["", "-", "+1", "01", "1.0", "1e3", " 1", "٤٢"] {
            assert!(!is_plain_integer(other), "{other}");
        }
    }
}
