//! Names out of an event, and what is wrong with it, fit for a message.

use crate::{cut, escape};

/// How many characters of a name go into a message.
const MAX_NAME_CHARS: usize = 64;

/// A name in quotes, escaped, cut when it is long.
pub fn quoted(name: &str) -> String {
    let (first, rest) = cut::split(name, MAX_NAME_CHARS);
    let mut quoted = String::with_capacity(first.len() + 5);
    quoted.push('"');
    escape::push_by_number(&mut quoted, first);
    if !rest.is_empty() {
        quoted.push(cut::ELLIPSIS);
    }
    quoted.push('"');
    quoted
}

/// The first of several violations in one line, and how many more there are. Each is its code, its path and its message.
pub fn summary<'v>(mut violations: impl ExactSizeIterator<Item = [&'v str; 3]>) -> String {
    let Some([code, path, message]) = violations.next() else {
        return "nothing is wrong".to_owned();
    };
    let place = match path {
        "" => String::new(),
        path => format!("{code} at {}: ", quoted(path)),
    };
    let more = match violations.len() {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    format!("{place}{message}{more}")
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn a_summary_names_the_first_and_counts_the_others() {
        let of = |violations: &[[&'static str; 3]]| summary(violations.iter().copied());
        assert_eq!(of(&[]), "nothing is wrong");
        assert_eq!(of(&[["not-json", "", "it is no JSON"]]), "it is no JSON");
        let one = ["required", "/a\n", "is missing"];
        assert_eq!(
            of(&[one, one, one]),
            "required at \"/a\\u{a}\": is missing (and 2 more)"
        );
    }
}
