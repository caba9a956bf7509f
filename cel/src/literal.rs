//! Strings as they are written: quotes of one or three, raw or with escapes.

use std::str::Chars;

/// A string at the start of a text: its value, and how many bytes it takes. `None`: no string starts here.
pub(crate) fn string(text: &str) -> Option<Result<(String, usize), String>> {
    let (is_raw, quoted) = match text.strip_prefix(['r', 'R']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let quote = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| quoted.starts_with(quote))?;
    let start = text.len() - quoted.len() + quote.len();
    Some(content(&text[start..], quote, is_raw).map(|(value, length)| (value, start + length)))
}

/// What stands between the quotes, and how many bytes it takes with the last of them.
fn content(text: &str, quote: &str, is_raw: bool) -> Result<(String, usize), String> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix(quote) {
            return Ok((value, text.len() - after.len()));
        }
        let mut chars = rest.chars();
        match chars.next() {
            None => return Err("the string does not end".to_owned()),
            Some('\n' | '\r') if quote.len() == 1 => {
                return Err("the string does not end in its line; one in three quotes may".to_owned());
            }
            Some('\\') if !is_raw => value.push(escaped(&mut chars)?),
            Some('\\') => {
                value.push('\\');
                // A quote after a backslash does not end a raw string.
                if let Some(next) = chars.next() {
                    value.push(next);
                }
            }
            Some(other) => value.push(other),
        }
        rest = chars.as_str();
    }
}

/// The character that stands after a backslash.
fn escaped(chars: &mut Chars<'_>) -> Result<char, String> {
    let unknown = || "there is no such escape; a backslash itself is written \\\\".to_owned();
    let letter = chars.next().ok_or_else(unknown)?;
    let (digits, radix) = match letter {
        'a' => return Ok('\u{7}'),
        'b' => return Ok('\u{8}'),
        'f' => return Ok('\u{c}'),
        'n' => return Ok('\n'),
        'r' => return Ok('\r'),
        't' => return Ok('\t'),
        'v' => return Ok('\u{b}'),
        '\\' | '?' | '"' | '\'' | '`' => return Ok(letter),
        'x' | 'X' => (2, 16),
        'u' => (4, 16),
        'U' => (8, 16),
        '0'..='3' => (2, 8),
        _ => return Err(unknown()),
    };
    let mut number = if radix == 8 {
        letter.to_digit(8).unwrap_or_default()
    } else {
        0
    };
    for _ in 0..digits {
        let digit = chars
            .next()
            .and_then(|digit| digit.to_digit(radix))
            .ok_or_else(unknown)?;
        number = number.checked_mul(radix).ok_or_else(unknown)? + digit;
    }
    char::from_u32(number).ok_or_else(unknown)
}
