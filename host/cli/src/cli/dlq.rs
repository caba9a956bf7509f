//! `tidegate dlq`: lists, shows and redrives dead letters.

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

/// Which dead letters to use.
#[derive(Debug, Args)]
struct Filter {
    /// Only dead letters of events of this type.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only dead letters whose error contains this text; upper and lower case are the same.
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// Only dead letters of this revision: the digest of its policy, or its first digits, at least eight.
    #[arg(long, value_name = "DIGEST")]
    revision: Option<DigestPrefix>,
    /// Stop after this many.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

impl Filter {
    fn matches(&self, letter: &DeadLetter) -> bool {
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

/// A dead letter without its event, as one JSON object.
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
