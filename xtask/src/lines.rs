//! `cargo xtask lines`: how many lines of Rust the product has, without its tests.

mod count;
mod source;

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::Result;
use serde::Serialize;

use self::count::Lines;
use crate::places::Places;

/// Arguments of `lines`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Counts the lines of every .rs file below host/, engine/, guest/ and text/, blank lines and comments
included. Not counted at all: folders named tests, benches, examples or fuzz that stand outside a
folder src. Of the rest, \"code\" leaves out each item behind #[cfg(test)], with its attributes, and the
files that such a module stands in; \"with tests\" counts those too.

Examples:
  cargo xtask lines                  what is in the working tree
  cargo xtask lines --at v0.1.0      what was in that revision (by git)
  cargo xtask lines --json           for a program")]
pub(crate) struct Arguments {
    /// Count a revision of git in place of the working tree
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was counted.
#[derive(Debug, Serialize)]
struct Report {
    /// By crate.
    folders: BTreeMap<String, Lines>,
    total: Lines,
}

/// Counts and prints.
pub(crate) fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    let files = match &arguments.at {
        Some(revision) => source::at(&places.root, revision)?,
        None => source::in_tree(&places.root)?,
    };
    let report = Report::new(count::by_file(&files)?);
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", report.table());
    }
    Ok(ExitCode::SUCCESS)
}

impl Report {
    fn new(files: impl IntoIterator<Item = (String, Lines)>) -> Self {
        let mut folders: BTreeMap<_, Lines> = BTreeMap::new();
        let mut total = Lines::default();
        for (path, lines) in files {
            *folders.entry(source::folder(&path).to_owned()).or_default() += lines;
            total += lines;
        }
        Self { folders, total }
    }

    fn table(&self) -> String {
        let name = |name: &str| format!("{name:<16}");
        let row = |first: String, lines: &Lines| {
            format!(
                "{first} {:>6} {:>8} {:>11}\n",
                lines.files, lines.code, lines.with_tests
            )
        };
        let head = format!("{} {:>6} {:>8} {:>11}\n", name("folder"), "files", "code", "with tests");
        let rows = self.folders.iter().map(|(folder, lines)| row(name(folder), lines));
        head + &rows.collect::<String>() + &row(name("total"), &self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Report};

    #[test]
    fn folders_are_summed_up() {
        let lines = |code, with_tests| Lines {
            files: 1,
            code,
            with_tests,
        };
        let report = Report::new([
            ("host/model/src/lib.rs".to_owned(), lines(10, 12)),
            ("host/model/src/claim.rs".to_owned(), lines(5, 5)),
            ("engine/src/lib.rs".to_owned(), lines(100, 200)),
        ]);
        let table = "\
folder            files     code  with tests
engine                1      100         200
host/model            2       15          17
total                 3      115         217
";
        assert_eq!(report.table(), table);
    }
}
