//! Text for people: escaped, cut to a length, wrapped to the width of a terminal. Knows no colours.

use std::time::Duration;

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};
pub(super) use tidegate_text::escape::visible;

/// Columns of the longest line.
const COLUMNS: usize = 80;

/// The text, escaped, in at most `chars` characters; a longer one ends with `…`.
pub(super) fn cut(text: &str, chars: usize) -> String {
    use tidegate_text::cut::{split, within};
    // Only the beginning is escaped, since a hostile text may be long. One more character shows that there is more.
    within(&visible(split(text, chars + 1).0), chars).into_owned()
}

/// The text, escaped, in lines of at most [`COLUMNS`] columns that begin with `indent` spaces.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let options = Options::new(COLUMNS)
        .initial_indent(&indent)
        .subsequent_indent(&indent)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    let mut lines = textwrap::fill(&visible(text), options);
    lines.push('\n');
    lines
}

/// Like [`wrapped`], but the first line is not indented: it follows a label of that width.
pub(super) fn after_label(text: &str, indent: usize) -> String {
    wrapped(text, indent).trim_start_matches(' ').to_owned()
}

/// Milliseconds as a duration such as `17m 3s`.
pub(super) fn duration(millis: u64) -> String {
    humantime::format_duration(Duration::from_millis(millis)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_readable() {
        for (millis, text) in [
            (0, "0s"),
            (1500, "1s 500ms"),
            (1_023_000, "17m 3s"),
            (90_000_000, "1day 1h"),
        ] {
            assert_eq!(duration(millis), text);
        }
    }

    #[test]
    fn lines_fit_and_no_character_is_missing() {
        let text = format!("some words, then {} and\nmore", "x".repeat(200));
        let lines = wrapped(&text, 4);
        assert!(
            lines
                .lines()
                .all(|line| line.starts_with("    ") && line.chars().count() <= COLUMNS),
            "{lines}"
        );
        let joined: String = lines.split_whitespace().collect();
        assert_eq!(joined, visible(&text).replace(' ', ""));
        assert_eq!(wrapped("", 2), "  \n");
        assert_eq!(after_label("one two", 10), "one two\n");
    }

    #[test]
    fn cut_texts_are_escaped_first() {
        assert_eq!(cut("one\ntwo", 5), "one\\…");
        assert_eq!(cut("one", 3), "one");
        assert_eq!(cut(&"long".repeat(9), 4), "lon…");
    }
}
