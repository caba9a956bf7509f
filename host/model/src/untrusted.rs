//! Text from outside on its way into a log: shown escaped and cut, so that it can neither forge lines nor flood them.

use std::fmt;

/// Characters that are shown of one text.
const SHOWN: usize = 120;

/// An id, a path or a header as somebody outside wrote it. Displays as one short line without control characters; with
/// `{:?}` it stands in quotes.
#[derive(Clone, Copy)]
pub struct Untrusted<'a>(pub &'a str);

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = self.0.char_indices().nth(SHOWN).map(|(at, _)| at);
        write!(f, "{}", self.0[..cut.unwrap_or(self.0.len())].escape_debug())?;
        match cut {
            Some(at) => write!(f, "… ({} more bytes)", self.0.len() - at),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::Untrusted;

    #[test]
    fn what_is_from_outside_stays_on_one_short_line() {
        assert_eq!(Untrusted("e-1").to_string(), "e-1");
        assert_eq!(format!("{:?}", Untrusted("e-1\n")), r#""e-1\n""#);
        assert_eq!(Untrusted("a\n\u{1b}[31m\"b\"").to_string(), r#"a\n\u{1b}[31m\"b\""#);
        assert_eq!(Untrusted("\u{202e}x").to_string(), r"\u{202e}x");
        let long = "ü".repeat(1000);
        assert_eq!(
            Untrusted(&long).to_string(),
            format!("{}… (1760 more bytes)", "ü".repeat(120))
        );
    }
}
