//! `tidegate completions`: a completion script for a shell. Knows no command but by clap.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Args, Command};
use clap_complete::Shell;

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  tidegate completions bash > ~/.local/share/bash-completion/completions/tidegate")]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    /// `cli`: the whole command line.
    pub(super) fn run(self, mut cli: Command) -> anyhow::Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut cli, "tidegate", &mut script);
        io::stdout().write_all(&script)?;
        Ok(ExitCode::SUCCESS)
    }
}
