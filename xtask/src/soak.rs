//! `cargo xtask soak`: the tests of faults on real services at full size, and a steady load for minutes.
//!
//! They are the tests that `cargo xtask test` runs in short. What they print is shown as it comes; with `--json` it is
//! given again at the end, for programs.

use std::{
    io::{BufRead, BufReader},
    process::{ExitCode, Stdio},
};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::json;

use crate::{
    build::{self, Profile},
    places::Places,
    steps::{Steps, clock},
};

/// The variable by which the tests know their size.
const SIZE: &str = "SOAK_MINUTES";

/// Arguments of `soak`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// How long the steady load lasts
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Print the counts as JSON at the end
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub(crate) fn run(places: &Places, steps: &Steps, arguments: &Arguments) -> Result<ExitCode> {
    build::all(places, steps, Profile::Release)?;
    steps.say(format!(
        "all faults at full size, and a steady load of {} minutes",
        arguments.minutes
    ));
    // The tests run one after the other: each has both cores for itself.
    let test = [
        "test",
        "--workspace",
        "--test=faults",
        "--",
        "--nocapture",
        "--test-threads=1",
    ];
    let mut child = places
        .cargo(test)
        .env(SIZE, arguments.minutes.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo cannot be run")?;
    let mut lines = Vec::new();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line?;
            if arguments.json {
                eprintln!("{line}");
            } else {
                println!("{line}");
            }
            lines.push(line);
        }
    }
    let passed = child.wait()?.success();
    if arguments.json {
        let took = steps.elapsed().as_secs();
        println!(
            "{}",
            json!({ "passed": passed, "seconds": took, "tests": outcomes(&lines) })
        );
    } else {
        println!("the soak took {}", clock(steps.elapsed()));
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What one test printed.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Outcome<'a> {
    name: &'a str,
    counts: &'a str,
    passed: bool,
}

/// Reads `test NAME ... COUNTS` and the `ok` in the line after it: so it looks with one test at a time.
fn outcomes(lines: &[String]) -> Vec<Outcome<'_>> {
    let mut outcomes: Vec<Outcome<'_>> = Vec::new();
    for line in lines {
        let begun = line.strip_prefix("test ").and_then(|line| line.split_once(" ... "));
        let printed = begun.map_or(line.as_str(), |(_, printed)| printed);
        if let Some((name, _)) = begun {
            outcomes.push(Outcome {
                name: name.trim_end(),
                counts: "",
                passed: false,
            });
        }
        if let Some(last) = outcomes.last_mut() {
            match printed {
                "ok" => last.passed = true,
                _ if begun.is_some() && printed != "FAILED" => last.counts = printed,
                _ => {}
            }
        }
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use super::{Outcome, outcomes};

    #[test]
    fn what_each_test_says_is_read() {
        let lines = [
            "running 2 tests",
            "test a   ... 2 kills, 0 lost",
            "ok",
            "test b   ... FAILED",
            "",
            "test result: FAILED. 1 passed; 1 failed",
        ]
        .map(str::to_owned);
        let outcome = |name, counts, passed| Outcome { name, counts, passed };
        let wanted = [outcome("a", "2 kills, 0 lost", true), outcome("b", "", false)];
        assert_eq!(outcomes(&lines), wanted);
    }
}
