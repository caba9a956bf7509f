//! `cargo xtask bench bindings`: what a load and a call cost in each language, measured one after the other by each
//! language's own benchmark, as the tables of `bindings/README.md`.

mod figures;
mod languages;
mod table;

use std::{
    fs,
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context, Result, ensure};

use self::{figures::Figures, languages::LANGUAGES};
use super::{machine::machine, page::write};
use crate::{
    build::{self, Profile},
    places::Places,
    steps::Steps,
    tool,
};

/// Arguments of `bench bindings`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Each language's own benchmark runs in turn; leave the machine alone meanwhile. What needs a tool that
is not there, or too old, is left out, with the reason.

Examples:
  cargo xtask bench bindings                      measure and print
  cargo xtask bench bindings --release --write    as it is released, into bindings/README.md")]
pub(super) struct Arguments {
    /// Write the tables into `bindings/README.md`
    #[arg(long)]
    write: bool,
    /// Measure what is released, not what `cargo xtask build` makes: minutes more to build
    #[arg(long)]
    release: bool,
}

/// Measures, and shows what came out.
pub(super) fn run(places: &Places, steps: &Steps, arguments: &Arguments) -> Result<ExitCode> {
    let (profile, name) = if arguments.release {
        (Profile::Release, "release")
    } else {
        (Profile::Dev, "dev")
    };
    build::policy_and_gate(places, steps, profile)?;
    build::library(places, steps, profile)?;
    let busy = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut circumstances = machine(places);
    circumstances.push(format!("the C library in the profile `{name}`"));
    if let Some(busy) = busy.split(' ').next() {
        circumstances.push(format!("load average {busy} at the start"));
    }
    let mut found = Vec::new();
    let mut left_out = Vec::new();
    for language in &LANGUAGES {
        if let Some(lacking) = tool::lacking(language.needs) {
            left_out.push(format!("{} was not measured: {lacking}", language.name));
            continue;
        }
        steps.say(format!("measuring: {}", language.name));
        let figures = (language.benchmark)(places, steps)
            .and_then(read)
            .context(language.name)?;
        found.push((language, figures));
    }
    let text = table::markdown(&circumstances, &found, &left_out);
    println!("\n{text}");
    if arguments.write {
        ensure!(left_out.is_empty(), "not written: {}", left_out.join("; "));
        let command = "cargo xtask bench bindings --write";
        write(places, steps, "bindings/README.md", command, &text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a benchmark and reads the one line of JSON that it prints.
fn read(mut benchmark: Command) -> Result<Figures> {
    let program = benchmark.get_program().display().to_string();
    let output = benchmark
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{program} cannot be run"))?;
    ensure!(output.status.success(), "{program} failed ({})", output.status);
    let printed = String::from_utf8_lossy(&output.stdout);
    eprint!("{printed}");
    serde_json::from_str(&printed).with_context(|| format!("{program} printed no figures: {printed}"))
}
