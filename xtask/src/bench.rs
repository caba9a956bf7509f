//! `cargo xtask bench`: what a policy call and `tidegate apply` cost, as the tables of `benches/README.md`.
//!
//! Everything is measured in one run on one machine: what counts is the ratio between the columns.

mod bindings;
mod calls;
mod load;
mod machine;
mod page;
mod table;

use std::process::ExitCode;

use anyhow::Result;

use self::machine::machine;
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
    Swap(Swap),
    /// Measure what a load and a call cost in each language, with what `cargo xtask build` makes
    Bindings(bindings::Arguments),
}

/// Arguments of `bench swap`.
#[derive(Debug, Clone, clap::Args)]
struct Swap {
    /// Measure what `cargo xtask build` makes, not what is released: minutes less to build
    #[arg(long)]
    dev: bool,
    /// Measure components that are compiled, not policies that are made of files
    #[arg(long)]
    components: bool,
    /// Print one JSON object in the end
    #[arg(long, conflicts_with = "components")]
    json: bool,
}

impl Swap {
    const fn profile(&self) -> Profile {
        if self.dev { Profile::Dev } else { Profile::Release }
    }

    /// What the benchmark is told.
    fn flags(&self) -> Vec<&'static str> {
        let flags = [(self.components, "--components"), (self.json, "--json")];
        flags
            .into_iter()
            .filter_map(|(is_on, flag)| is_on.then_some(flag))
            .collect()
    }
}

/// Measures, and shows what came out.
pub(crate) fn run(places: &Places, steps: &Steps, arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.other {
        Some(Other::Dapr) => by_itself(places, steps, "throughput", Profile::Release, &[]),
        Some(Other::Swap(swap)) => by_itself(places, steps, "swap", swap.profile(), &swap.flags()),
        Some(Other::Bindings(arguments)) => bindings::run(places, steps, arguments),
        None => here(places, steps, arguments.write),
    }
}

/// Measures the policy call and `tidegate apply`.
fn here(places: &Places, steps: &Steps, write: bool) -> Result<ExitCode> {
    build::all(places, steps, Profile::Release)?;
    let calls = calls::measure(places, steps)?;
    let loads = load::measure(places, steps, &SIZES)?;
    let text = table::markdown(&machine(places), &calls, &loads);
    println!("\n{text}");
    if write {
        page::write(places, steps, "benches/README.md", "cargo xtask bench --write", &text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a benchmark that prints its tables.
fn by_itself(places: &Places, steps: &Steps, name: &str, profile: Profile, flags: &[&str]) -> Result<ExitCode> {
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
    steps::run(cargo.arg(format!("--bench={name}")).arg("--").args(flags))?;
    Ok(ExitCode::SUCCESS)
}
