//! `tidegate policy`: which policy a running gate judges by, and which one it could.

use std::process::ExitCode;

use clap::{Args, Subcommand};

mod admin;
mod diff;
mod promote;
mod reload;
mod rollback;
mod status;
mod wait;

/// Look at and replace the policy of a running gate.
///
/// A new file in the place of `policy.path` takes over by itself. These commands show which policy judges, go back to
/// one before, and try another beside it: named as `policy.shadow.path`, it judges a copy of the traffic and sends nothing;
/// `diff` shows what it would change, and `promote` makes it the current one.
///
/// They talk to the gate's admin listener (`admin.listen`). A token, when the gate asks for one, is taken from
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

/// A digest in the few digits that people need.
fn short(digest: &str) -> String {
    super::words::visible(digest.strip_prefix("sha256:").unwrap_or(digest))
        .chars()
        .take(12)
        .collect()
}
