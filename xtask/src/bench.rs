//! `cargo xtask bench`: what a policy call and `tidegate apply` cost, as the tables of `benches/README.md`.
//!
//! Everything is measured in one run on one machine: what counts is the ratio between the columns.

mod bindings;
mod calls;
mod load;
mod table;

use std::{fs, process::ExitCode};

use anyhow::{Context, Result};

use self::{calls::Calls, load::Load};
use crate::{
    build::{self, Profile},
    places::Places,
    steps::{self, Steps},
};

/// How many events `tidegate apply` is given to show that its memory does not grow.
const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];

/// Arguments of `bench`.
#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    other: Option<Other>,
    /// Write the tables into `benches/README.md`
    #[arg(long)]
    write: bool,
}

/// What is measured when it is asked for.
#[derive(Debug, Clone, clap::Subcommand)]
enum Other {
    /// Measure events a second through a real daprd, with the gate and without
    Dapr,
    /// Measure what replacing a policy under load costs, and how long it takes
    Swap {
        /// Measure what `cargo xtask build` makes, not what is released: minutes less to build
        #[arg(long)]
        dev: bool,
    },
    /// Measure what a load and a call cost in each language, with what `cargo xtask build` makes
    Bindings(bindings::Arguments),
}

/// Everything that was measured.
struct Figures {
    machine: Vec<String>,
    calls: Calls,
    loads: Vec<Load>,
}

/// Measures, and shows what came out.
pub(crate) fn run(places: &Places, steps: &Steps, arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.other {
        Some(Other::Dapr) => by_itself(places, steps, "throughput", Profile::Release),
        Some(Other::Swap { dev: true }) => by_itself(places, steps, "swap", Profile::Dev),
        Some(Other::Swap { dev: false }) => by_itself(places, steps, "swap", Profile::Release),
        Some(Other::Bindings(arguments)) => bindings::run(places, steps, arguments),
        None => here(places, steps, arguments.write),
    }
}

/// Measures the policy call and `tidegate apply`.
fn here(places: &Places, steps: &Steps, write: bool) -> Result<ExitCode> {
    build::all(places, steps, Profile::Release)?;
    let figures = Figures {
        machine: machine(places),
        calls: calls::measure(places, steps)?,
        loads: load::measure(places, steps, &SIZES)?,
    };
    let text = table::markdown(&figures);
    println!("\n{text}");
    if write {
        self::write(places, steps, "benches/README.md", "cargo xtask bench --write", &text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts the tables of a command into the page that shows them.
fn write(places: &Places, steps: &Steps, page: &str, command: &str, text: &str) -> Result<()> {
    let file = places.root.join(page);
    let old = fs::read_to_string(&file).with_context(|| page.to_owned())?;
    let new = table::replace(&old, command, text).with_context(|| page.to_owned())?;
    fs::write(&file, new).with_context(|| page.to_owned())?;
    steps.say(format!("written to {page}"));
    Ok(())
}

/// Runs a benchmark that prints its tables.
fn by_itself(places: &Places, steps: &Steps, name: &str, profile: Profile) -> Result<ExitCode> {
    build::all(places, steps, profile)?;
    steps.say(format!("measuring: {name}"));
    for line in machine(places) {
        println!("{line}");
    }
    let mut cargo = places.cargo(["bench", "--workspace"]);
    if profile == Profile::Dev {
        println!("the profile `dev`");
        cargo.arg("--profile=dev");
    }
    steps::run(cargo.arg(format!("--bench={name}")))?;
    Ok(ExitCode::SUCCESS)
}

/// What it was measured on, and what was measured, as far as this machine tells.
fn machine(places: &Places) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|info| after(&info, "model name", ':'))
        .unwrap_or_else(|| "unknown processor".to_owned());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let lock = fs::read_to_string(places.root.join("Cargo.lock")).unwrap_or_default();
    let wasmtime = lock
        .split("[[package]]")
        .find(|package| package.contains("name = \"wasmtime\"\n"))
        .and_then(|package| after(package, "version", '='))
        .unwrap_or_default();
    vec![
        format!("{cpu}, {cores} threads"),
        format!("{} {}", std::env::consts::OS, major_minor(&kernel)),
        format!("wasmtime {}", wasmtime.trim_matches('"')),
    ]
}

/// `6.18` of `6.18.44-any`: what follows says more of a machine than of its figures.
fn major_minor(release: &str) -> String {
    let numbers: Vec<_> = release.trim().split(['.', '-']).take(2).collect();
    numbers.join(".")
}

/// What stands behind a name and a sign, on the first line that has them.
fn after(text: &str, name: &str, sign: char) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once(sign)?;
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_kernel_is_told_by_two_numbers() {
        for release in ["6.18.44-any-1\n", "6.18-rc1", "6.18"] {
            assert_eq!(super::major_minor(release), "6.18", "{release}");
        }
        assert_eq!(super::major_minor(""), "");
    }

    #[test]
    fn a_value_is_found_behind_its_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU: 3 GHz\nmodel name\t: Other\n";
        assert_eq!(
            super::after(text, "model name", ':').as_deref(),
            Some("Some CPU: 3 GHz")
        );
        assert_eq!(super::after(text, "cores", ':'), None);
    }
}
