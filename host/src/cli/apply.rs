//! `tidegate apply`: the gate as a filter.

use std::{
    io::{self, BufRead, BufWriter, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use futures::{StreamExt, stream};
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::value::RawValue;
use tidegate_engine::{Context, Outcome, Policy, Verdict, Violation};

use super::{exit, files, lines, progress};
use tidegate::{clock, config::Isolation};

/// Judge events from standard input, one a line, and print one verdict a line. No server is needed.
///
/// Each line out is one JSON object, in the order of the input:
///
///   {"verdict":"forward|drop|reject","reason":"…",
///    "outputs":[{"channel","key","id","event_type","event":{…}}],
///    "violations":[{"code","path","message"}]}
///
/// Memory stays constant however long the input is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate apply < events.jsonl | jq -r .verdict | sort | uniq -c
  tidegate apply --target 1.0 --now 2026-03-01T09:30:00Z < events.jsonl
  tidegate apply --fail-on reject < events.jsonl > /dev/null   # exit code 1 if any event is rejected")]
pub(super) struct Apply {
    #[command(flatten)]
    policy: files::PolicyFile,
    /// Version in which events leave [default: the latest of each type]
    #[arg(long, value_name = "VERSION")]
    target: Option<String>,
    /// The time to judge by, RFC 3339 [default: the time at the start]
    #[arg(long, value_name = "RFC3339")]
    now: Option<String>,
    /// Whether events get instances of their own or share them.
    #[arg(long, value_enum, default_value_t = Isolation::Fresh)]
    isolation: Isolation,
    /// Exit with 1 when an event had this verdict.
    #[arg(long, value_enum, value_name = "VERDICT")]
    fail_on: Option<FailOn>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Reject,
}

/// Lines that are judged as one piece of work.
const BATCH: usize = 64;

impl Apply {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let path = self.policy.find(None)?;
        let slots = u32::try_from(workers * 2).unwrap_or(2);
        let policy = Arc::new(files::load_policy(&path, self.isolation.into(), slots).await?);
        let context = Arc::new(Context {
            now: self.now.clone().unwrap_or_else(clock::now),
            target_version: self.target.clone(),
        });
        let progress = progress::spinner("{spinner} {human_pos} events, {per_sec}, {elapsed}");
        let rejected = tokio::task::block_in_place(|| {
            let judge = |batch: Batch| {
                let (policy, context) = (policy.clone(), context.clone());
                async move { tokio::spawn(judge_all(policy, context, batch)).await? }
            };
            let batches = stream::iter(batches(io::stdin().lock())).map(|batch| async { judge(batch?).await });
            let judged = batches.buffered(workers * 2);
            tokio::runtime::Handle::current().block_on(print_all(judged, &progress))
        })
        .with_context(|| format!("judging by {}", Path::new(&path).display()))?;
        progress.finish_and_clear();
        let fail = matches!(self.fail_on, Some(FailOn::Reject)) && rejected > 0;
        Ok(if fail {
            ExitCode::from(exit::NO)
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// Some lines and the number of the first, from 1.
struct Batch {
    first: u64,
    lines: Vec<Vec<u8>>,
}

/// Verdicts as lines, ready to print.
struct Judged {
    text: Vec<u8>,
    events: u64,
    rejected: u64,
}

fn batches(mut input: impl BufRead) -> impl Iterator<Item = anyhow::Result<Batch>> {
    let mut first = 1;
    std::iter::from_fn(move || {
        let mut lines = Vec::with_capacity(BATCH);
        while lines.len() < BATCH {
            match lines::next_line(&mut input) {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => break,
                Err(error) => return Some(Err(anyhow::Error::new(error).context("standard input cannot be read"))),
            }
        }
        if lines.is_empty() {
            return None;
        }
        let batch = Batch { first, lines };
        first += batch.lines.len() as u64;
        Some(Ok(batch))
    })
}

async fn judge_all(policy: Arc<Policy>, context: Arc<Context>, batch: Batch) -> anyhow::Result<Judged> {
    let mut judged = Judged {
        text: Vec::with_capacity(batch.lines.len() * 512),
        events: batch.lines.len() as u64,
        rejected: 0,
    };
    for (number, line) in (batch.first..).zip(&batch.lines) {
        let verdict = policy
            .process(line, &context)
            .await
            .with_context(|| format!("line {number}"))?;
        judged.rejected += u64::from(verdict.outcome == Outcome::Reject);
        Line::new(&verdict, line)
            .and_then(|line| serde_json::to_writer(&mut judged.text, &line))
            .with_context(|| format!("line {number}: the policy made an output that is not JSON"))?;
        judged.text.push(b'\n');
    }
    Ok(judged)
}

async fn print_all(
    judged: impl futures::Stream<Item = anyhow::Result<Judged>>,
    progress: &ProgressBar,
) -> anyhow::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut rejected = 0;
    let mut judged = std::pin::pin!(judged);
    while let Some(next) = judged.next().await {
        let next = match next {
            Ok(next) => next,
            Err(error) => {
                out.flush()?;
                return Err(error);
            }
        };
        out.write_all(&next.text).context("standard output cannot be written")?;
        rejected += next.rejected;
        progress.inc(next.events);
    }
    out.flush().context("standard output cannot be written")?;
    Ok(rejected)
}

/// One line out.
#[derive(Serialize)]
struct Line<'a> {
    verdict: Outcome,
    reason: &'a str,
    outputs: Vec<OutputLine<'a>>,
    violations: &'a [Violation],
}

#[derive(Serialize)]
struct OutputLine<'a> {
    channel: &'a str,
    key: &'a str,
    id: &'a str,
    event_type: &'a str,
    event: &'a RawValue,
}

impl<'a> Line<'a> {
    fn new(verdict: &'a Verdict, input: &'a [u8]) -> serde_json::Result<Self> {
        let outputs = verdict.outputs.iter().map(|output| {
            let event = output.event.as_deref().map_or(input, str::as_bytes);
            Ok(OutputLine {
                channel: &output.channel,
                key: &output.key,
                id: &output.id,
                event_type: &output.event_type,
                event: serde_json::from_slice(event)?,
            })
        });
        Ok(Self {
            verdict: verdict.outcome,
            reason: &verdict.reason,
            outputs: outputs.collect::<serde_json::Result<_>>()?,
            violations: &verdict.violations,
        })
    }
}
