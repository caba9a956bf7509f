//! `tidegate dlq`: dead letters, listed and redriven.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;
use tidegate_engine::Violation;
use tidegate_model::dead_letter::DeadLetter;

use self::digest::DigestPrefix;

mod digest;
mod letters;
mod list;
mod pretty;
mod redrive;
mod show;

/// List, show and redrive dead letters.
///
/// They are read from a topic of the sqlite backend, or with --from from a file or standard input: one JSON a line,
/// the dead letter as it is, in a CloudEvent, or as `tidegate read --json` prints it.
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

/// Which dead letters are meant.
#[derive(Debug, Args)]
struct Filter {
    /// Only those of events of this type.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only those whose error has this text in it, in capitals or not.
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// Only those that this revision decided on: the digest of its policy, or eight digits of it at least.
    #[arg(long, value_name = "DIGEST")]
    revision: Option<DigestPrefix>,
    /// Stop after so many.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

impl Filter {
    fn takes(&self, letter: &DeadLetter) -> bool {
        let has_type = self
            .event_type
            .as_ref()
            .is_none_or(|wanted| letter.names.event_type.as_ref() == Some(wanted));
        let has_error = self
            .error
            .as_ref()
            .is_none_or(|text| letter.error.to_lowercase().contains(&text.to_lowercase()));
        has_type
            && has_error
            && self
                .revision
                .as_ref()
                .is_none_or(|digest| digest.matches(&letter.policy))
    }

    fn most(&self) -> usize {
        self.limit.unwrap_or(usize::MAX)
    }
}

/// What is known of a failure, as one JSON object.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    id: &'a str,
    failed_at: &'a str,
    error: &'a str,
    retry_count: u32,
    violations: &'a [Violation],
    source: &'a str,
    policy: &'a str,
    event_id: Option<&'a str>,
    event_type: Option<&'a str>,
    user_id: Option<&'a str>,
    bytes: usize,
}

impl<'a> Summary<'a> {
    fn of(letter: &'a DeadLetter) -> Self {
        Self {
            id: &letter.id,
            failed_at: &letter.failed_at,
            error: &letter.error,
            retry_count: letter.retry_count,
            violations: &letter.violations,
            source: &letter.source,
            policy: &letter.policy,
            event_id: letter.names.event_id.as_deref(),
            event_type: letter.names.event_type.as_deref(),
            user_id: letter.names.user_id.as_deref(),
            bytes: letter.original.len(),
        }
    }
}
