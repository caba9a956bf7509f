//! What no lint checks: every file of Rust says at its top what it is for, and is short enough to be read.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// No file is longer, its tests included.
const LINES: usize = 400;

/// Rooms with Rust in them.
const ROOMS: [&str; 8] = [
    "benches", "bindings", "engine", "examples", "guest", "host", "tests", "xtask",
];

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
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    let mut folders: Vec<_> = ROOMS.iter().map(|room| root.join(room)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                // Cargo's, where a crate is built by itself.
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a readable file");
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 50, "only {} files found", found.len());
    found
}
