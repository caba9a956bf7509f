//! Writes what every caller of the policy must answer, one question a line: `answers FOLDER`.
//!
//! `vectors.jsonl` has the golden vectors that can be asked through a binding, `random.jsonl` 20,000 events at random and
//! the answers of native Rust to them. A line is `{"name","call",…the arguments…,"answer":"<JSON text>"}`, or has `misuse` instead of
//! `answer`. The form of the arguments is that of `tests/vectors/README.md`.
#![allow(clippy::print_stdout, reason = "a program")]

mod golden;
#[path = "../../tests/support/mutations.rs"]
mod mutations;
mod random;
#[path = "../../tests/support/strategies.rs"]
mod strategies;

use std::{env, fs, io::Write, path::Path};

use serde_json::Value;

const EVENTS: usize = 20_000;

fn main() {
    let folder = env::args().nth(1).expect("the folder to write to");
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).expect("a folder");
    write(&folder.join("vectors.jsonl"), golden::lines());
    write(&folder.join("random.jsonl"), random::lines(EVENTS));
}

fn write(file: &Path, lines: impl IntoIterator<Item = Value>) {
    let mut text = Vec::new();
    let mut count = 0;
    for line in lines {
        writeln!(text, "{line}").expect("memory");
        count += 1;
    }
    fs::write(file, text).expect("a file that can be written");
    println!("{count:>6} answers  {}", file.display());
}
