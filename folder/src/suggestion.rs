//! What an author may have meant by a key that there is not. Works on the message of the reader, which lists the keys that there are.

/// How unlike a meant key may be, in characters to change.
const MOST_CHANGES: usize = 3;

/// The message, with the key that was probably meant.
pub(crate) fn added(message: &str) -> String {
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let Some(meant) = meant(first) else {
        return message.to_owned();
    };
    let separator = if rest.is_empty() { "" } else { "\n" };
    format!("{first}; did you mean `{meant}`?{separator}{rest}")
}

/// `channel` of "unknown field `chanel`, expected one of accepted, channel".
fn meant(message: &str) -> Option<&str> {
    let after = ["unknown field `", "unknown variant `"]
        .iter()
        .find_map(|start| message.split_once(start))?
        .1;
    let (wrong, known) = after.split_once('`')?;
    let (_, known) = known.split_once("expected ")?;
    let known = known.trim_start_matches("one of ");
    let names = known.split([',', ' ']).map(|name| name.trim_matches('`'));
    let distance = |name: &str| strsim::damerau_levenshtein(wrong, name);
    names
        .filter(|name| !name.is_empty() && *name != "or")
        .min_by_key(|name| distance(name))
        .filter(|name| distance(name) <= MOST_CHANGES.min(wrong.len() / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::added;

    #[test]
    fn a_slip_is_recognised() {
        for (message, expected) in [
            (
                "a: unknown field `chanel`, expected one of accepted, channel\n 1 | x",
                "a: unknown field `chanel`, expected one of accepted, channel; did you mean `channel`?\n 1 | x",
            ),
            ("unknown field `colour`, expected one of accepted, channel", ""),
            (
                "unknown variant `renam`, expected one of `add`, `rename`",
                "unknown variant `renam`, expected one of `add`, `rename`; did you mean `rename`?",
            ),
            ("missing field `name`", ""),
        ] {
            let expected = if expected.is_empty() { message } else { expected };
            assert_eq!(added(message), expected);
        }
    }
}
