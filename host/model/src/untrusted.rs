//! Text from outside in log lines: escaped and cut, so that it can neither forge lines nor flood them. The form for logs
//! of [`tidegate_text`].

use std::fmt;

use tidegate_text::{cut, escape::Quotable};

/// Characters that are shown of one text.
const SHOWN: usize = 120;

/// An id, a path or a header from outside. Displays as one short line without control characters; with `{:?}` it has
/// quotes.
#[derive(Clone, Copy)]
pub struct Untrusted<'a>(pub &'a str);

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, rest) = cut::split(self.0, SHOWN);
        write!(f, "{}", Quotable(shown))?;
        match rest.len() {
            0 => Ok(()),
            more => write!(f, "{} ({more} more bytes)", cut::ELLIPSIS),
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
    fn text_from_outside_is_one_short_line() {
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
