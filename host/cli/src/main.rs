//! The `tidegate` binary: parses the command line, runs the command, exits with its code.

mod cli;

use std::process::ExitCode;

use clap::Parser;

use self::cli::{Cli, exit, notice};

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(code) => code,
        // `tidegate read … | head`: the reader of the output has closed it.
        Err(error) if exit::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            notice::print(exit::message(&error));
            exit::code_of(&error)
        }
    }
}
