//! `tidegate diff`: compares two policies, their catalogs and what they decide on events.

mod catalog;
mod judge;
mod report;
mod tally;

use std::{
    io::{Write as _, stdout},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _};
use tidegate_engine::{Isolation, Policy};

use self::{
    judge::Policies,
    report::{Report, Side},
    tally::Tally,
};
use super::{exit, files, progress, time::Time};

/// Show how two policies differ: what they know, and what they decide on events.
///
/// The catalogs are compared first: types, versions, channels, retries, rules, drop rules, migrations, dead letters and alerts. Then
/// both policies judge the same events: those of --events, one per line, bare or in CloudEvents as for `apply`, or else the examples of
/// both. Decisions are compared, violations by code and path, and outputs by channel, key, id, type, attributes and members. Messages
/// are not. Each kind of change has the smallest event as its example.
///
/// `tidegate policy diff` does the same with the traffic of a running gate.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate diff orders.wasm orders
  tidegate diff orders.wasm orders --events yesterday.jsonl
  git worktree add /tmp/main main && tidegate diff --exit-code /tmp/main/orders orders
  tidegate diff old new --json | jq -r '.changes[] | [.count, .kind, .event_type] | @tsv'

With --exit-code, the code is 1 when the catalogs or the decisions differ.")]
pub(super) struct Diff {
    /// The policy before, a file or a folder.
    old: PathBuf,
    /// The policy after, a file or a folder.
    new: PathBuf,
    /// The events, one per line; - is standard input [default: the examples of both policies]
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    #[command(flatten)]
    time: Time,
    /// Exit with 1 when the catalogs or the decisions differ.
    #[arg(long)]
    exit_code: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let concurrency = u32::try_from(workers * 2).unwrap_or(2);
        let policies = Arc::new(Policies {
            old: files::load_policy(&self.old, Isolation::Fresh, concurrency).await?,
            new: files::load_policy(&self.new, Isolation::Fresh, concurrency).await?,
            now: self.time.or_now(),
        });
        let catalogs = [&policies.old, &policies.new].map(Policy::catalog);
        let catalog = catalog::compare(catalogs[0], catalogs[1]);
        let progress = progress::spinner("{spinner} {human_pos} events, {per_sec}, {elapsed}");
        let mut tally = Tally::default();
        {
            let batches: Box<dyn Iterator<Item = _>> = match &self.events {
                Some(file) => Box::new(judge::lines(file, files::open_input(file)?)),
                None => Box::new(std::iter::once(Ok(judge::examples(catalogs)))),
            };
            let judged = judge::judge(policies.clone(), batches, workers * 2);
            let mut judged = std::pin::pin!(judged.boxed_local());
            while let Some(batch) = judged.try_next().await? {
                progress.inc(batch.len() as u64);
                for judged in batch {
                    tally.add(judged);
                }
            }
        }
        progress.finish_and_clear();
        let report = Report {
            old: Side::of(&self.old, &policies.old),
            new: Side::of(&self.new, &policies.new),
            catalog,
            judged: tally.judged,
            same: tally.same,
            changed: tally.judged - tally.same,
            changes: tally.changes(),
        };
        if self.json {
            writeln!(stdout(), "{}", serde_json::to_string(&report)?)?;
        } else {
            write!(anstream::stdout(), "{}", report.text()?)?;
        }
        Ok(if self.exit_code && !report.is_same() {
            ExitCode::from(exit::NO)
        } else {
            ExitCode::SUCCESS
        })
    }
}
