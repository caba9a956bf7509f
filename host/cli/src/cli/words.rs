//! Text for people: nothing in it that moves the cursor, lines that fit, durations in words.

/// Columns that a line for people takes at most.
pub(super) const COLUMNS: usize = 80;

/// The text with every character shown that would move the cursor, clear the screen or turn the direction of a line.
pub(super) fn visible(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        let moves = c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if moves {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
        shown
    })
}

/// The first characters of a text, made visible, and `…` when there are more.
pub(super) fn cut(text: &str, chars: usize) -> String {
    // One character more, to see whether there is one; a hostile text is not walked to its end.
    let start: String = text.chars().take(chars + 1).collect();
    let shown = visible(&start);
    if shown.chars().count() <= chars {
        return shown;
    }
    let mut short: String = shown.chars().take(chars.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// The text made visible, in lines that begin with `indent` spaces and end within [`COLUMNS`].
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let room = COLUMNS.saturating_sub(indent).max(8);
    let shown = visible(text);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in shown.split(' ') {
        let mut rest: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + rest.len() > room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        // A word that fits in no line is broken.
        while rest.len() > room {
            lines.push(rest.drain(..room).collect());
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        used += rest.len();
        line.extend(rest);
    }
    lines.push(line);
    let indent = " ".repeat(indent);
    let ends = lines.iter().flat_map(|line| [&indent, line.as_str(), "\n"]);
    ends.collect()
}

/// Milliseconds in words, such as `17 min 3 s`.
pub(super) fn duration(millis: u64) -> String {
    let units = [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("min", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    let mut left = millis;
    let mut parts = Vec::new();
    for (unit, length) in units {
        if left >= length {
            parts.push(format!("{} {unit}", left / length));
            left %= length;
        }
    }
    if parts.is_empty() {
        "0 s".to_owned()
    } else {
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_words() {
        for (millis, words) in [
            (0, "0 s"),
            (1500, "1 s 500 ms"),
            (1_023_000, "17 min 3 s"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(millis), words);
        }
    }

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let text = format!("some words, then {} and\nmore", "x".repeat(200));
        let lines = wrapped(&text, 4);
        assert!(
            lines
                .lines()
                .all(|line| line.starts_with("    ") && line.chars().count() <= COLUMNS),
            "{lines}"
        );
        let back: String = lines.split_whitespace().collect();
        assert_eq!(back, visible(&text).replace(' ', ""));
        assert_eq!(wrapped("", 2), "  \n");
    }

    #[test]
    fn what_moves_the_cursor_is_shown_and_not_sent() {
        assert_eq!(visible("a\u{1b}[2Jé\u{202e}"), "a\\u{1b}[2Jé\\u{202e}");
        assert_eq!(cut("one\ntwo", 5), "one\\…");
        assert_eq!(cut("one", 3), "one");
        assert_eq!(cut(&"long".repeat(9), 4), "lon…");
    }
}
