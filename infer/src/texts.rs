//! The texts that were seen at one place: which formats they keep, and whether they are a few words.

use indexmap::IndexMap;

use crate::format::{ALL, Format};

/// The most words of an enumeration. With more, the next event is likely to bring another.
const MOST_WORDS: usize = 16;
/// The longest word. What is longer is said by people.
const LONGEST_WORD: usize = 32;
/// The samples that it takes to call the words known. A word that is a hundredth of all events is then missed once in three.
const LEAST_SAMPLES: usize = 100;
/// How often each word must have been seen. Words seen once say how likely an unseen one is (Good and Turing).
const LEAST_SEEN: usize = 3;

/// The texts that were seen at one place.
#[derive(Debug, Clone)]
pub(crate) struct Texts {
    count: usize,
    /// How often each was seen, and after how many others first; no more than can be words.
    seen: IndexMap<String, Seen>,
    has_more: bool,
    keeps: [bool; ALL.len()],
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    times: usize,
    first: usize,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            count: 0,
            seen: IndexMap::new(),
            has_more: false,
            keeps: [true; ALL.len()],
        }
    }
}

impl Texts {
    pub(crate) fn see(&mut self, text: &str) {
        let first = self.count;
        self.count += 1;
        for (keeps, format) in self.keeps.iter_mut().zip(ALL) {
            *keeps &= format.holds(text);
        }
        if let Some(seen) = self.seen.get_mut(text) {
            seen.times += 1;
        } else if self.seen.len() == MOST_WORDS || text.len() > LONGEST_WORD {
            self.has_more = true;
        } else {
            self.seen.insert(text.to_owned(), Seen { times: 1, first });
        }
    }

    /// Adds the texts of another place. They are no words: nobody knows in which order they came.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.has_more |= self.count + other.count > 0;
        self.count += other.count;
        for (keeps, other) in self.keeps.iter_mut().zip(other.keeps) {
            *keeps &= other;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The format that all of them keep, when there are enough.
    pub(crate) fn format(&self) -> Option<Format> {
        let kept = ALL.into_iter().zip(self.keeps).find(|(_, keeps)| *keeps);
        let (format, _) = kept?;
        (self.count >= format.least_samples()).then_some(format)
    }

    /// The words, sorted, when they are all that there are. The second half of the samples must have brought no new one. A single word
    /// may be the only one that this producer says, so it must look like one that a program wrote.
    pub(crate) fn words(&self) -> Option<Vec<&str>> {
        let is_known = |seen: &Seen| seen.times >= LEAST_SEEN && seen.first < self.count / 2;
        let is_told = self.count >= LEAST_SAMPLES && !self.has_more && self.seen.values().all(is_known);
        let is_alone = self.seen.len() == 1;
        if !is_told || is_alone && !self.seen.keys().all(|word| is_program_word(word)) {
            return None;
        }
        let mut words: Vec<_> = self.seen.keys().map(String::as_str).collect();
        words.sort_unstable();
        Some(words)
    }
}

/// Letters alone, with `_` and `-` between them.
fn is_program_word(word: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphabetic() || b"_-".contains(&byte);
    !word.is_empty() && word.bytes().all(is_inside)
}
