//! `cargo xtask`: builds, shows, tests and measures Tidegate, each with one command.
#![allow(clippy::print_stdout, reason = "what these commands find out is their output")]

mod bench;
mod bindings;
mod build;
mod demo;
mod deny;
mod lines;
mod package;
mod places;
mod soak;
mod steps;
mod styles;
mod test;
mod tool;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{places::Places, steps::Steps};

/// Builds, shows, tests and measures Tidegate.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the policy and the gate into `dist/`
    Build(build::Arguments),
    /// Build, send real events through the gate, and show what happened to each
    Demo,
    /// Run every check and every test, and count them
    Test(test::Arguments),
    /// Kill and stop real services under load for long, and see that nothing is lost and memory stays as it is
    Soak(soak::Arguments),
    /// Measure what a policy call and `tidegate apply` cost
    Bench(bench::Arguments),
    /// Build what other languages install into `dist/packages`, and try each in an empty environment
    Package(package::Arguments),
    /// Count the lines of Rust without tests
    Lines(lines::Arguments),
    /// Check licenses, bans and sources of all dependencies with cargo-deny
    Deny,
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    match run(&command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    let steps = Steps::start();
    match command {
        Command::Build(arguments) => build::run(&places, &steps, arguments),
        Command::Demo => demo::run(&places, &steps),
        Command::Test(arguments) => Ok(test::run(&places, &steps, arguments)),
        Command::Soak(arguments) => soak::run(&places, &steps, arguments),
        Command::Bench(arguments) => bench::run(&places, &steps, arguments),
        Command::Package(arguments) => package::run(&places, &steps, arguments),
        Command::Lines(arguments) => lines::run(&places, arguments),
        Command::Deny => deny::run(&places, &steps),
    }
}
