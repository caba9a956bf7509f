//! Texts: of a pattern, of a format, or of characters that are easily handled wrongly. Knows keywords of schemas, and nothing of
//! references.

use super::{format, parts::Parts, pattern::Patterns, sizes};
use crate::random::Random;

/// Texts that programs stumble over.
const TEXTS: [&str; 14] = [
    "",
    " ",
    "0",
    "007",
    "1.10",
    "-1",
    "1E5",
    "true",
    "null",
    "a/b~c",
    "\"\\",
    "ü–字😀",
    "\u{0}\n\t",
    "2026-02-29",
];

/// A text that keeps the keywords, except perhaps one of several patterns; the check of the value says.
pub(super) fn value(parts: &Parts<'_>, sizes: &[usize], cache: &mut Patterns, random: &mut Random) -> String {
    let least = parts.most_of("minLength").unwrap_or(0);
    let most = parts.least_of("maxLength").unwrap_or(usize::MAX).max(least);
    let patterns: Vec<&str> = parts.texts("pattern").collect();
    let formats: Vec<&str> = parts.texts("format").collect();
    if let Some(pattern) = random.pick(&patterns)
        && let Some(text) = cache.text(pattern, random)
    {
        return text;
    }
    if let Some(text) = random.pick(&formats).and_then(|format| format::text(format, random)) {
        return text;
    }
    let text = match random.below(3) {
        0 => random.pick(&TEXTS).map_or_else(String::new, |text| (*text).to_owned()),
        _ => format::word(random),
    };
    match sizes::pick(sizes, least, most, random) {
        Some(size) => of_length(text, size, size, random),
        None => of_length(text, least, most, random),
    }
}

/// The text, cut or repeated.
fn of_length(text: String, least: usize, most: usize, random: &mut Random) -> String {
    let length = text.chars().count();
    if (least..=most).contains(&length) {
        return text;
    }
    let wanted = if length < least { least } else { most };
    let more = format::word(random);
    text.chars().chain(more.chars().cycle()).take(wanted).collect()
}
