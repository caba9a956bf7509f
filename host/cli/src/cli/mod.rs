//! The command line: one file a command. Parses, calls the library, prints.
#![allow(clippy::doc_markdown, reason = "these comments are what `--help` prints")]

mod apply;
mod check;
mod completions;
mod dlq;
pub(crate) mod exit;
mod explain;
mod files;
mod lines;
mod paint;
mod policy;
mod progress;
mod read;
mod schema;
mod send;
mod serve;
mod target;
mod time;
mod topics;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A policy gate for event streams.
///
/// Validates, migrates, routes and rejects events by a policy that is one WebAssembly component, between a Dapr
/// subscription and the Dapr publisher, or on an embedded backend that needs nothing else.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  done, and the answer is no: `check` failed, `apply --fail-on` met one,
     `dlq show` found none, `dlq redrive` could not bring all back,
     the gate refused what `policy` asked of it, no policy judges,
     or the one that `policy` waited for does not
  2  the command line is wrong
  3  the configuration, a file or the policy cannot be used, or no gate answers
  4  the policy faulted";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Apply(apply::Apply),
    Explain(explain::Explain),
    Check(check::Check),
    Send(send::Send),
    Topics(topics::Topics),
    Read(read::Read),
    Dlq(dlq::Dlq),
    Policy(policy::Policy),
    ConfigSchema(schema::ConfigSchema),
    Completions(completions::Completions),
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .event_interval(tidegate_gate::EVENT_INTERVAL)
            .build()?;
        let ended = runtime.block_on(async {
            match self.command {
                Command::Serve(command) => command.run().await,
                Command::Apply(command) => command.run().await,
                Command::Explain(command) => command.run().await,
                Command::Check(command) => command.run().await,
                Command::Send(command) => command.run().await,
                Command::Topics(command) => command.run().await,
                Command::Read(command) => command.run().await,
                Command::Dlq(command) => command.run().await,
                Command::Policy(command) => command.run().await,
                Command::ConfigSchema(command) => command.run(),
                Command::Completions(command) => command.run(),
            }
        });
        // A policy that is still being compiled is not waited for.
        runtime.shutdown_background();
        ended
    }
}
