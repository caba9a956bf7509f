//! Texts use the project's words: code, documents, configuration and tests. The words are in `words/list.rs`.

mod list;

use std::fs;

use self::list::{ALLOWED, PLAIN, UNREAD, WORDS};
use crate::tree;

#[test]
fn texts_use_the_words_of_the_project() {
    let mut wrong = Vec::new();
    let mut used = vec![false; ALLOWED.len()];
    for file in tree::files() {
        let path = tree::short(&file);
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        if UNREAD.iter().any(|unread| path.ends_with(unread)) {
            continue;
        }
        let text = Text::new(&text);
        for &(word, instead) in WORDS {
            for line in text.lines_with(word) {
                let allowed = |(words, places, _): &(&str, &str, &str)| *words == word && path.starts_with(places);
                match ALLOWED.iter().position(allowed) {
                    Some(allowed) => used[allowed] = true,
                    None => wrong.push(format!("{path}:{line}: \"{word}\": say {instead}")),
                }
            }
        }
        for &(word, instead) in WORDS {
            if !Text::new(&path).lines_with(word).is_empty() {
                wrong.push(format!("{path}: the file's name says \"{word}\": say {instead}"));
            }
        }
    }
    let unused = ALLOWED.iter().zip(used).filter(|(_, used)| !used);
    wrong.extend(unused.map(|((word, places, _), _)| format!("\"{word}\" is allowed in {places} and is not there")));
    assert!(
        wrong.is_empty(),
        "{} words to replace:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A text in which phrases are found over the ends of lines and in identifiers: lower case, without the marks of comments.
struct Text {
    chars: Vec<char>,
    /// The line of each.
    lines: Vec<usize>,
}

impl Text {
    fn new(text: &str) -> Self {
        let (mut chars, mut lines) = (Vec::new(), Vec::new());
        for (line, text) in text.lines().enumerate() {
            let text = text.trim_start_matches(|char: char| char.is_whitespace() || "/!*#>|-".contains(char));
            let lower = text.chars().flat_map(char::to_lowercase).chain([' ']);
            chars.extend(lower);
            lines.resize(chars.len(), line + 1);
        }
        Self { chars, lines }
    }

    /// The lines in which a word or phrase begins. Between the words of a phrase may stand what separates those of an identifier.
    fn lines_with(&self, phrase: &str) -> Vec<usize> {
        let plain: Vec<_> = PLAIN.iter().filter(|plain| plain.starts_with(phrase)).collect();
        let starts = 0..self.chars.len();
        let mut lines: Vec<_> = starts
            .filter(|start| phrase.starts_with(self.chars[*start]) && self.is_at(*start, phrase))
            .filter(|start| !plain.iter().any(|plain| self.is_at(*start, plain)))
            .map(|start| self.lines[start])
            .collect();
        lines.dedup();
        lines
    }

    fn is_at(&self, start: usize, phrase: &str) -> bool {
        let mut rest = &self.chars[start..];
        for (number, word) in phrase.split(' ').enumerate() {
            if number > 0 {
                let separators = rest.iter().take_while(|char| " _-".contains(**char)).count();
                rest = &rest[separators..];
            }
            let length = word.chars().count();
            if rest.len() < length || !word.chars().eq(rest[..length].iter().copied()) {
                return false;
            }
            rest = &rest[length..];
        }
        true
    }
}

#[test]
fn a_plain_meaning_is_not_found() {
    let text = "a claim of the dead\n/// the id of the dead\n/// letter\n";
    assert_eq!(Text::new(text).lines_with("of the dead"), [1]);
}

#[test]
fn phrases_are_found_however_they_are_written() {
    let text = "/// two words on two\n/// lines\nfn two_lines() {}\nTwoLines\ntwo longer lines\nlines\n";
    assert_eq!(Text::new(text).lines_with("two lines"), [1, 3, 4]);
    assert_eq!(Text::new("Überholt\n").lines_with("überholt"), [1]);
}
