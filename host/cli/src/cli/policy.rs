//! `tidegate policy`: shows and replaces the policy of a running gate.

use std::process::ExitCode;

use clap::{Args, Subcommand};

pub(super) mod admin;
mod diff;
mod promote;
mod reload;
mod rollback;
mod status;
mod wait;

/// Show and replace the policy of a running gate.
///
/// A gate loads the file at `policy.path` again when it changes. `status` shows the current revision and earlier ones,
/// and `rollback` returns to an earlier one.
///
/// The policy at `policy.shadow.path` judges a copy of the traffic and publishes nothing. `diff` shows what it would
/// change, and `promote` makes it the current policy.
///
/// The commands use the admin listener of the gate (`admin.listen`). If the gate needs a token, it is read from
/// APP_API_TOKEN.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate policy status
  tidegate policy status --wait-for policy.wasm
  tidegate policy diff --config gate.yaml
  tidegate policy promote --admin http://127.0.0.1:8081 --json
  tidegate policy rollback")]
pub(super) struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(status::Status),
    Rollback(rollback::Rollback),
    Promote(promote::Promote),
    Reload(reload::Reload),
    Diff(diff::Diff),
}

impl Policy {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Status(command) => command.run().await,
            Command::Rollback(command) => command.run().await,
            Command::Promote(command) => command.run().await,
            Command::Reload(command) => command.run().await,
            Command::Diff(command) => command.run().await,
        }
    }
}
