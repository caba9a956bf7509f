//! Texts of bounded length. Lengths are in characters, and no text is walked further than it is shown.

use std::borrow::Cow;

/// What stands for the rest of a text.
pub const ELLIPSIS: char = '…';

/// The first `chars` characters of a text, and the rest.
pub fn split(text: &str, chars: usize) -> (&str, &str) {
    let at = text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    text.split_at(at)
}

/// The first `chars` characters of a text, and `…` behind them when there are more.
pub fn after(text: &str, chars: usize) -> Cow<'_, str> {
    match split(text, chars) {
        (_, "") => Cow::Borrowed(text),
        (first, _) => Cow::Owned(format!("{first}{ELLIPSIS}")),
    }
}

/// A text of at most `chars` characters: the whole of it, or its beginning with `…` as the last character.
pub fn within(text: &str, chars: usize) -> Cow<'_, str> {
    match split(text, chars) {
        (_, "") => Cow::Borrowed(text),
        (first, _) => Cow::Owned(format!("{}{ELLIPSIS}", split(first, chars.saturating_sub(1)).0)),
    }
}

/// The beginning of a text, of at most `bytes` bytes and whole characters.
pub fn bytes(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_is_whole() {
        for text in ["", "é", "one"] {
            assert_eq!(after(text, 3), text);
            assert_eq!(within(text, 3), text);
            assert_eq!(bytes(text, 3), text);
        }
    }

    #[test]
    fn a_longer_one_is_cut_between_characters() {
        assert_eq!(split("üüü", 2), ("üü", "ü"));
        assert_eq!(after("üüü", 2), "üü…");
        assert_eq!(within("üüü", 2), "ü…");
        assert_eq!(within("üüü", 1), "…");
        assert_eq!(bytes("üüü", 5), "üü");
    }
}
