//! Texts that match a pattern. Walks the pattern as the regex parser understands it; anchors and word boundaries are not solved but
//! left to the check of the text that comes out. Each pattern is read once. Knows no schema.

use std::collections::HashMap;

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::random::Random;

/// How often something is repeated beyond what it must be.
const MORE: u32 = 6;

/// Patterns that were read, by their texts; `None`: they are written in a syntax that cannot be read.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    parsed: HashMap<String, Option<Hir>>,
    compiled: HashMap<String, Option<Regex>>,
}

impl Patterns {
    /// A text that probably matches; `None`: the pattern cannot be read.
    pub(super) fn text(&mut self, pattern: &str, random: &mut Random) -> Option<String> {
        let parse = || regex_syntax::Parser::new().parse(pattern).ok();
        let hir = once(&mut self.parsed, pattern, parse)?;
        let mut text = String::new();
        push(hir, random, &mut text);
        Some(text)
    }

    /// Whether a name matches a pattern.
    pub(super) fn matches(&mut self, pattern: &str, name: &str) -> bool {
        let regex = once(&mut self.compiled, pattern, || Regex::new(pattern).ok());
        regex.is_some_and(|regex| regex.is_match(name))
    }
}

/// What was made of a pattern before, or is now.
fn once<'c, T>(
    cache: &'c mut HashMap<String, Option<T>>,
    pattern: &str,
    make: impl FnOnce() -> Option<T>,
) -> Option<&'c T> {
    if !cache.contains_key(pattern) {
        cache.insert(pattern.to_owned(), make());
    }
    cache.get(pattern)?.as_ref()
}

fn push(hir: &Hir, random: &mut Random, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.extend(character(class, random)),
        HirKind::Repetition(repetition) => {
            let most = repetition
                .max
                .unwrap_or(u32::MAX)
                .min(repetition.min.saturating_add(MORE));
            let count = random.between(i64::from(repetition.min), i64::from(most));
            for _ in 0..count {
                push(&repetition.sub, random, text);
            }
        }
        HirKind::Capture(capture) => push(&capture.sub, random, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| push(part, random, text)),
        HirKind::Alternation(branches) => {
            if let Some(branch) = random.pick(branches) {
                push(branch, random, text);
            }
        }
    }
}

/// A character of a class: of those in ASCII that can be seen, where it has some.
fn character(class: &Class, random: &mut Random) -> Option<char> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => class
            .iter()
            .map(|range| (u32::from(range.start()), u32::from(range.end())))
            .collect(),
        Class::Bytes(class) => class
            .iter()
            .map(|range| (u32::from(range.start()), u32::from(range.end())))
            .collect(),
    };
    let visible: Vec<(u32, u32)> = ranges
        .iter()
        .map(|&(start, end)| (start.max(0x20), end.min(0x7E)))
        .filter(|(start, end)| start <= end)
        .collect();
    let of = if visible.is_empty() || random.one_in(20) {
        &ranges
    } else {
        &visible
    };
    let &(start, end) = random.pick(of)?;
    let code = random.between(i64::from(start), i64::from(end));
    char::from_u32(u32::try_from(code).ok()?).or_else(|| char::from_u32(start))
}
