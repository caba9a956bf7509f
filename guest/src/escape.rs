//! The escapes of a JSON string: the length of one, and the text that they stand for. Knows nothing else of JSON.

/// The length in bytes of the escape at the beginning of `bytes`, which starts with a backslash; both halves when it is
/// a surrogate pair. Fails with the problem.
pub(crate) fn length(bytes: &[u8]) -> Result<usize, &'static str> {
    const HALF: &str = "half of a surrogate pair";
    match bytes.get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') => match unit(bytes)? {
            0xd800..=0xdbff => match unit(&bytes[6..]) {
                Ok(0xdc00..=0xdfff) => Ok(12),
                _ => Err(HALF),
            },
            0xdc00..=0xdfff => Err(HALF),
            _ => Ok(6),
        },
        _ => Err("unknown escape in a string"),
    }
}

/// The text that a text with escapes stands for. Every escape in it must have passed [`length`].
pub(crate) fn decode(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = &rest.as_bytes()[at..];
        let length = length(escape).unwrap_or(escape.len());
        text.push(meaning(escape));
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    text
}

fn meaning(escape: &[u8]) -> char {
    match escape.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let high = unit(escape).unwrap_or(0xfffd);
            let low = escape.get(6..).and_then(|next| unit(next).ok());
            match (high, low) {
                (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
                    char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).unwrap_or('\u{fffd}')
                }
                _ => char::from_u32(high).unwrap_or('\u{fffd}'),
            }
        }
        Some(&other) => char::from(other),
        None => '\u{fffd}',
    }
}

/// The UTF-16 code unit that `\uXXXX` at the beginning of `bytes` stands for.
fn unit(bytes: &[u8]) -> Result<u32, &'static str> {
    const PROBLEM: &str = "\\u must be followed by four hexadecimal digits";
    let [b'\\', b'u', digits @ ..] = bytes else {
        return Err(PROBLEM);
    };
    let mut unit = 0;
    for &digit in digits.get(..4).ok_or(PROBLEM)? {
        unit = unit * 16 + char::from(digit).to_digit(16).ok_or(PROBLEM)?;
    }
    Ok(unit)
}
