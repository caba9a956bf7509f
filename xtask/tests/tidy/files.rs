//! Every file of Rust says at its top what it is for, and is short enough to be read.

use std::{fs, path::PathBuf};

use crate::tree;

/// No file is longer, its tests included.
const LINES: usize = 400;

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|(_, text)| {
            let first = text.lines().next().unwrap_or_default();
            first.strip_prefix("//!").is_none_or(|doc| doc.trim().len() < 10)
        })
        .map(|(file, _)| file)
        .collect();
    assert!(
        silent.is_empty(),
        "no `//!` with a sentence on the first line: {silent:#?}"
    );
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES)
        .collect();
    assert!(long.is_empty(), "longer than {LINES} lines: {long:#?}");
}

/// All files of Rust with their texts.
fn sources() -> Vec<(PathBuf, String)> {
    let files = tree::files().into_iter();
    let sources = files.filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    sources
        .map(|file| {
            let text = fs::read_to_string(&file).expect("a readable file");
            (file, text)
        })
        .collect()
}
