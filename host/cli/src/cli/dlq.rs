//! `tidegate dlq`: lists, shows and redrives dead letters.

use std::process::ExitCode;

use clap::{Args, Subcommand};

mod filter;
mod letters;
mod list;
mod pretty;
mod redrive;
mod show;
mod summary;

/// List, show and redrive dead letters.
///
/// They are read from a topic of the sqlite backend. With --from they are read from a file or standard input, one JSON
/// object per line: a dead letter, the CloudEvent of one, or a line of `tidegate read --json`.
#[derive(Debug, Args)]
pub(super) struct Dlq {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Redrive(redrive::Redrive),
}

impl Dlq {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::List(command) => command.run().await,
            Command::Show(command) => command.run().await,
            Command::Redrive(command) => command.run().await,
        }
    }
}
