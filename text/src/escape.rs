//! Characters that must not reach a terminal or a log as they are. This is the one list of them.

use std::fmt::{self, Write as _};

/// True for a character that moves the cursor, breaks the line, turns the direction of the text or cannot be seen.
pub fn is_escaped(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // The soft hyphen and the Mongolian vowel separator: seen only at the end of a line, or not at all.
            '\u{ad}' | '\u{180e}'
            // The Arabic letter mark turns the direction like the marks below.
            | '\u{61c}'
            // Zero-width characters and the marks of direction.
            | '\u{200b}'..='\u{200f}'
            // Separators of lines and paragraphs; embeddings and overrides of direction.
            | '\u{2028}'..='\u{202e}'
            // The word joiner, invisible operators, isolates of direction.
            | '\u{2060}'..='\u{206f}'
            // The byte order mark, annotations between lines, tags.
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text with these characters written as Rust writes them, such as `\n` and `\u{1b}`.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_escaped(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Appends the text with these characters written by their numbers alone, such as `\u{a}`.
pub fn push_by_number(out: &mut String, text: &str) {
    for character in text.chars() {
        if is_escaped(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
}

/// The text as one line: each of these characters becomes a space.
pub fn one_line(text: &str) -> String {
    let characters = text.chars();
    characters
        .map(|character| if is_escaped(character) { ' ' } else { character })
        .collect()
}

/// A text as it stands between quotes: displays with these characters escaped, and `"` and `\` too, so that what looks
/// like an escape is one.
#[derive(Debug, Clone, Copy)]
pub struct Quotable<'a>(pub &'a str);

impl fmt::Display for Quotable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if is_escaped(character) || matches!(character, '"' | '\\') {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_directions_and_invisible_characters_are_escaped() {
        assert_eq!(visible("a\u{1b}[2Jé\u{202e}"), "a\\u{1b}[2Jé\\u{202e}");
        assert_eq!(visible("one\ntwo\u{61c}"), "one\\ntwo\\u{61c}");
        for hidden in [
            "\u{200b}",
            "\u{2029}",
            "\u{2066}",
            "\u{feff}",
            "\u{e0041}",
            "\u{85}",
            "\u{7f}",
        ] {
            assert_ne!(visible(hidden), hidden, "{hidden:?}");
        }
        for seen in ["é", "🌱", "日本", "\u{a0}", "~/\"\\"] {
            assert_eq!(visible(seen), seen);
        }
    }

    #[test]
    fn escapes_by_number_have_one_form() {
        let mut out = String::from("\"");
        push_by_number(&mut out, "a\n\"\\");
        assert_eq!(out, "\"a\\u{a}\"\\");
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(one_line("a\r\nb\u{2028}c"), "a  b c");
    }

    #[test]
    fn what_stands_between_quotes_cannot_end_them() {
        assert_eq!(
            Quotable("a\n\u{1b}[31m\"b\"\\n").to_string(),
            r#"a\n\u{1b}[31m\"b\"\\n"#
        );
    }
}
