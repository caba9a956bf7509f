//! The `tidegate` binary: parses, runs, exits with a code.

mod cli;

use std::process::ExitCode;

use clap::Parser;

use self::cli::{Cli, exit};

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(code) => code,
        // `tidegate read … | head`: whoever reads has had enough.
        Err(error) if exit::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidegate: {error:#}");
            exit::code_of(&error)
        }
    }
}
