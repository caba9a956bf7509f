//! `cargo xtask soak`: the tests of faults on real services at full size, and a steady load for minutes.
//!
//! They are the tests that `cargo xtask test` runs in short. What they print is shown as it comes; with `--json` the
//! lines with counts are given again at the end, for programs.

use std::{
    io::{BufRead, BufReader},
    process::{ExitCode, Stdio},
};

use anyhow::{Context, Result};
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
    build::both(places, steps, Profile::Release)?;
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
            json!({ "passed": passed, "seconds": took, "lines": counts(&lines) })
        );
    } else {
        println!("the soak took {}", clock(steps.elapsed()));
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The lines that say what came of a test.
fn counts(lines: &[String]) -> Vec<&String> {
    let says = |line: &&String| !line.is_empty() && !line.starts_with("test ") && !line.starts_with("running ");
    lines.iter().filter(says).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lines_with_counts_are_kept() {
        let lines = [
            "running 2 tests",
            "2 kills, 0 lost",
            "test a ... ok",
            "",
            "test result: ok.",
        ];
        let lines = lines.map(str::to_owned);
        assert_eq!(super::counts(&lines), ["2 kills, 0 lost"]);
    }
}
