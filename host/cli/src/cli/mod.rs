//! The command line, one file for each command. A command parses its options, calls the libraries and prints.
#![allow(clippy::doc_markdown, reason = "these comments are what `--help` prints")]

mod apply;
mod build;
mod check;
mod client;
mod completions;
mod dev;
mod diff;
mod digest;
mod dlq;
pub(crate) mod exit;
mod explain;
mod files;
mod judge;
mod lines;
mod mistake;
mod new;
pub(crate) mod notice;
mod policy;
mod problem;
mod progress;
mod proof;
mod read;
mod replace;
mod schema;
mod send;
mod serve;
mod styles;
mod target;
mod test;
mod time;
mod topics;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// A policy gate for event streams.
///
/// Validates, migrates, routes and rejects events. The rules are a policy: one WebAssembly component that can be replaced
/// while the gate runs. Events come from and go to Dapr, or the topics of one SQLite file, which needs nothing else.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  the command worked, and the answer is no: `check` or `test` failed,
     the proof of `build` failed, `build --check` found another file,
     `diff --exit-code` a difference, `apply --fail-on` such an event,
     `dlq show` found none, `dlq redrive` failed for some,
     the gate refused the request of a `policy` command, it has no policy,
     or it did not load the one that `--wait-for` names
  2  the command line is wrong
  3  the configuration, a file or the policy cannot be used, or no gate answers
  4  the policy faulted";

#[derive(Debug, Subcommand)]
enum Command {
    New(new::New),
    Serve(serve::Serve),
    Apply(apply::Apply),
    Explain(explain::Explain),
    Check(check::Check),
    Build(build::Build),
    Test(test::Test),
    Diff(diff::Diff),
    Dev(dev::Dev),
    Send(send::Send),
    Topics(topics::Topics),
    Read(read::Read),
    Dlq(dlq::Dlq),
    Policy(policy::Policy),
    ConfigSchema(schema::ConfigSchema),
    PolicySchema(schema::PolicySchema),
    Completions(completions::Completions),
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .event_interval(tidegate_gate::EVENT_INTERVAL)
            .build()?;
        let result = runtime.block_on(async {
            match self.command {
                Command::New(command) => command.run().await,
                Command::Serve(command) => Box::pin(command.run()).await,
                Command::Apply(command) => command.run().await,
                Command::Explain(command) => command.run().await,
                Command::Check(command) => command.run().await,
                Command::Build(command) => command.run().await,
                Command::Test(command) => command.run().await,
                Command::Diff(command) => command.run().await,
                Command::Dev(command) => command.run().await,
                Command::Send(command) => command.run().await,
                Command::Topics(command) => command.run().await,
                Command::Read(command) => command.run().await,
                Command::Dlq(command) => command.run().await,
                Command::Policy(command) => command.run().await,
                Command::ConfigSchema(command) => command.run(),
                Command::PolicySchema(command) => command.run(),
                Command::Completions(command) => command.run(Self::command()),
            }
        });
        // Does not wait for a policy that is being compiled.
        runtime.shutdown_background();
        result
    }
}
