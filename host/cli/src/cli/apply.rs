//! `tidegate apply`: decides on events from standard input.

use std::{
    io::{self, BufRead, BufWriter, Write},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use bytes::Bytes;
use clap::{Args, ValueEnum};
use futures::{StreamExt, stream};
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::value::RawValue;
use tidegate_engine::{Context, Decision, Policy, Violation};
use tidegate_gate::config::Isolation;
use tidegate_model::{
    attributes::Attributes,
    clock,
    envelope::{Headers, Unwrapped, unwrap},
};
use tidegate_policies::decision::Usable;

use super::{
    exit, files,
    judge::{checked, judge},
    lines::Batches,
    progress,
    target::Target,
    time::Time,
};

/// Decide on events from standard input, one per line, and print one decision per line. No gate is needed.
///
/// Each line of output is one JSON object, in the order of the input:
///
///   {"decision":"forward|drop|reject","rule","reason":"…","claim","event_id","event_type",
///    "outputs":[{"channel","key","id","event_type","event":{…},"attributes":{…},"not_before":…}],
///    "violations":[{"code","path","message","rule","version"}]}
///
/// A line is an event, or a CloudEvent with it: then an output has attributes. The input may be of any length: memory use
/// stays constant.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate apply < events.jsonl | jq -r .decision | sort | uniq -c
  tidegate apply --target 1.0 --now 2026-03-01T09:30:00Z < events.jsonl
  tidegate apply --fail-on reject < events.jsonl > /dev/null   # exit code 1 if any event is rejected")]
pub(super) struct Apply {
    #[command(flatten)]
    policy: files::PolicyFile,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    time: Time,
    /// Whether policy calls share instances.
    #[arg(long, value_enum, default_value_t = Isolation::Fresh)]
    isolation: Isolation,
    /// Exit with 1 when an event gets this decision.
    #[arg(long, value_enum, value_name = "DECISION")]
    fail_on: Option<FailOn>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Reject,
}

/// Lines of one task, fewer when they are long.
const BATCH: usize = 64;

impl Apply {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let path = self.policy.find(None)?;
        let slots = u32::try_from(workers * 2).unwrap_or(2);
        let policy = Arc::new(files::load_policy(&path, self.isolation.into(), slots).await?);
        let context = Arc::new(Context {
            now: self.time.or_now(),
            target_version: self.target.for_policy(&policy),
            handed_back: false,
        });
        let progress = progress::spinner("{spinner} {human_pos} events, {per_sec}, {elapsed}");
        let rejected = tokio::task::block_in_place(|| {
            let decide = |batch: Batch| {
                let (policy, context) = (policy.clone(), context.clone());
                async move { anyhow::Ok(tokio::spawn(decide_all(policy, context, batch)).await?) }
            };
            let batches = stream::iter(batches(io::stdin().lock())).map(|batch| async { decide(batch?).await });
            let decisions = batches.buffered(workers * 2);
            let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
            tokio::runtime::Handle::current().block_on(print_all(decisions, &mut out, &progress))
        });
        progress.finish_and_clear();
        let rejected = rejected.with_context(|| format!("applying {}", path.display()))?;
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

/// The decisions on a batch, as lines.
struct Decisions {
    text: Vec<u8>,
    events: u64,
    rejected: u64,
    /// Why there is no decision on the next line.
    error: Option<anyhow::Error>,
}

fn batches(input: impl BufRead) -> impl Iterator<Item = anyhow::Result<Batch>> {
    let mut first = 1;
    Batches::new(input, BATCH).map(move |lines| {
        let lines = lines.context("standard input cannot be read")?;
        let batch = Batch { first, lines };
        first += batch.lines.len() as u64;
        Ok(batch)
    })
}

async fn decide_all(policy: Arc<Policy>, context: Arc<Context>, batch: Batch) -> Decisions {
    let mut decisions = Decisions {
        text: Vec::with_capacity(batch.lines.len() * 512),
        events: 0,
        rejected: 0,
        error: None,
    };
    for (number, line) in (batch.first..).zip(&batch.lines) {
        match decide(&policy, &context, line, &mut decisions.text).await {
            Ok(decision) => {
                decisions.events += 1;
                decisions.rejected += u64::from(decision == Decision::Reject);
            }
            Err(error) => {
                decisions.error = Some(error.context(format!("line {number}")));
                break;
            }
        }
    }
    decisions
}

/// Decides on one line and appends the decision. Appends nothing when it fails.
async fn decide(policy: &Policy, context: &Context, line: &[u8], out: &mut Vec<u8>) -> anyhow::Result<Decision> {
    let Unwrapped {
        event,
        attributes,
        flaw,
        ..
    } = unwrap(Bytes::copy_from_slice(line), false, &Headers::NONE);
    let decided = judge(policy, &event, &attributes.canonical(), flaw.as_ref(), context).await?;
    let decision = checked(policy, &event, &context.now, |expected| {
        Usable::check(decided, expected)
    })?;
    let start = out.len();
    if let Err(error) = Line::new(&decision, &attributes).and_then(|line| serde_json::to_writer(&mut *out, &line)) {
        out.truncate(start);
        return Err(error.into());
    }
    out.push(b'\n');
    Ok(decision.decision)
}

async fn print_all(
    decisions: impl futures::Stream<Item = anyhow::Result<Decisions>>,
    out: &mut impl Write,
    progress: &ProgressBar,
) -> anyhow::Result<u64> {
    let mut rejected = 0;
    let mut decisions = std::pin::pin!(decisions);
    while let Some(next) = decisions.next().await {
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
        if let Some(error) = next.error {
            out.flush()?;
            return Err(error);
        }
    }
    out.flush().context("standard output cannot be written")?;
    Ok(rejected)
}

/// One line of output.
#[derive(Serialize)]
struct Line<'a> {
    decision: Decision,
    rule: Option<&'a str>,
    reason: &'a str,
    claim: Option<&'a str>,
    event_id: Option<&'a str>,
    event_type: Option<&'a str>,
    outputs: Vec<OutputLine<'a>>,
    violations: &'a [Violation],
}

#[derive(Serialize)]
struct OutputLine<'a> {
    channel: &'a str,
    key: Option<&'a str>,
    id: &'a str,
    event_type: &'a str,
    event: &'a RawValue,
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
    /// The time until which the gate keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
}

impl<'a> Line<'a> {
    fn new(decision: &'a Usable, attributes: &Attributes) -> serde_json::Result<Self> {
        let outputs = decision.outputs.iter().map(|output| {
            Ok(OutputLine {
                channel: &output.channel,
                key: output.key.as_deref(),
                id: &output.id,
                event_type: &output.event_type,
                event: serde_json::from_slice(&output.event)?,
                attributes: output.attributes_of(attributes),
                not_before: output.not_before.map(clock::of_millis),
            })
        });
        Ok(Self {
            decision: decision.decision,
            rule: decision.rule.as_deref(),
            reason: &decision.reason,
            claim: decision.claim.as_deref(),
            event_id: decision.event_id.as_deref(),
            event_type: decision.event_type.as_deref(),
            outputs: outputs.collect::<serde_json::Result<_>>()?,
            violations: &decision.violations,
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use indicatif::ProgressBar;

    use super::{Decisions, print_all};

    fn decisions(text: &str, error: Option<&'static str>) -> Decisions {
        Decisions {
            text: text.into(),
            events: 1,
            rejected: 1,
            error: error.map(anyhow::Error::msg),
        }
    }

    #[tokio::test]
    async fn decisions_before_a_fault_are_printed_and_none_after_it() {
        let all = [
            decisions("1\n", None),
            decisions("2\n", Some("fault")),
            decisions("4\n", None),
        ];
        let all = stream::iter(all.map(Ok));
        let mut out = Vec::new();
        let error = print_all(all, &mut out, &ProgressBar::hidden())
            .await
            .expect_err("a fault");
        assert_eq!((out.as_slice(), error.to_string().as_str()), (&b"1\n2\n"[..], "fault"));
    }
}
