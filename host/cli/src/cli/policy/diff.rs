//! `tidegate policy diff`: prints what the shadow policy would change.

use std::{
    fmt::{Result, Write as _},
    process::ExitCode,
};

use clap::Args;
use serde::Deserialize;

use super::{
    super::{
        digest, exit,
        styles::{BAD, BOLD, DIM, GOOD, ODD, paint},
        words::{after_label, cut, visible, wrapped},
    },
    admin::Admin,
    wait::{LoadState, Wait},
};

/// Show what the shadow policy would change: counts, and examples of each kind.
///
/// The shadow policy is the file at `policy.shadow.path`. It judges a copy of the events of producers, at the same time,
/// and publishes nothing. The gate compares the decisions, the code and path of violations, and the outputs: channel, key,
/// id, type and the members of the event. It does not compare reasons and messages. The counts start again when either
/// policy changes.
///
/// An event is skipped when the shadow policy is too slow for it. Examples have ids and paths, and with
/// `policy.shadow.show_values: true` the values too, which may be personal data; --json has up to three for each type.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate policy diff
  tidegate policy diff --wait-for next-policy.wasm    # until it is the shadow policy
  tidegate policy diff --exit-code && tidegate policy promote
  tidegate policy diff --json | jq -r '.changes[] | [.count, .kind, .event_type] | @tsv'

With --exit-code, the code is 1 when a decision or an output would change, or when no event has been judged yet.
With --wait-for, the code is 1 when that file is refused, or is not the shadow policy in time.")]
pub(super) struct Diff {
    /// Exit with 1 unless events have been judged and all of them stay the same.
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    admin: Admin,
}

#[derive(Deserialize)]
struct Report {
    shadow: ShadowPolicy,
    against: Option<Against>,
    since: String,
    sample: f64,
    values_shown: bool,
    seen: u64,
    judged: u64,
    skipped: u64,
    same: u64,
    changed: u64,
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct ShadowPolicy {
    path: String,
    state: String,
    name: Option<String>,
    version: Option<String>,
    digest: Option<String>,
    why: Option<String>,
}

#[derive(Deserialize)]
struct Against {
    digest: String,
}

#[derive(Deserialize)]
struct Change {
    kind: String,
    event_type: Option<String>,
    version: Option<String>,
    count: u64,
    examples: Vec<Example>,
}

#[derive(Deserialize)]
struct Example {
    event_id: Option<String>,
    source: String,
    #[serde(default)]
    pointers: Vec<String>,
    #[serde(default)]
    live_violations: Vec<Broken>,
    #[serde(default)]
    shadow_violations: Vec<Broken>,
    #[serde(default)]
    values: Vec<Values>,
}

#[derive(Deserialize)]
struct Broken {
    code: String,
    path: String,
}

#[derive(Deserialize)]
struct Values {
    path: String,
    live: Option<String>,
    shadow: Option<String>,
}

impl Diff {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let is_loaded = self.wait.wait::<Report>(&self.admin).await?;
        let answer = self.admin.get::<Report>(Report::PATH).await?;
        let report = match answer.show(text)? {
            Ok(report) => report,
            Err(code) => return Ok(code),
        };
        let is_same = report.judged > 0 && report.changed == 0;
        Ok(if is_loaded && (is_same || !self.exit_code) {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(exit::NO)
        })
    }
}

impl LoadState for Report {
    const PATH: &'static str = "/admin/shadow";

    fn is_loaded(&self, digest: &str) -> Option<bool> {
        let is_it = self.shadow.digest.as_deref() == Some(digest);
        match &*self.shadow.state {
            "ready" if is_it => Some(true),
            "refused" if is_it => Some(false),
            _ => None,
        }
    }
}

fn text(report: &Report) -> std::result::Result<String, std::fmt::Error> {
    let mut out = String::new();
    shadow(&mut out, report)?;
    let against = report.against.as_ref().map_or_else(
        || "no policy is loaded".to_owned(),
        |against| format!("revision {}", digest::short(&against.digest)),
    );
    row(&mut out, "against", &against)?;
    row(&mut out, "since", &report.since)?;
    let mut events = format!("{} judged", report.judged);
    if report.skipped > 0 {
        write!(events, ", {} skipped", report.skipped)?;
    }
    let waiting = report.seen.saturating_sub(report.judged + report.skipped);
    if waiting > 0 {
        write!(events, ", {waiting} waiting")?;
    }
    if report.sample < 1.0 {
        write!(events, " (a sample of {})", report.sample)?;
    }
    row(&mut out, "events", &events)?;
    writeln!(out)?;
    match (report.judged, report.changed) {
        (0, _) => writeln!(out, "{}", paint(BOLD, "no event has been judged yet"))?,
        (all, 0) => writeln!(out, "{}", paint(GOOD.bold(), format_args!("all {all} stay the same")))?,
        (_, changed) => {
            let title = format!("{changed} would change, {} stay the same", report.same);
            writeln!(out, "{}", paint(BOLD, title))?;
        }
    }
    for (count, alike) in grouped(&report.changes) {
        listed(&mut out, count, &alike)?;
    }
    if report.changed > 0 && !report.values_shown {
        let hint = "`policy.shadow.show_values: true` shows the values, which may be personal data.";
        writeln!(out, "\n{}", paint(DIM, hint))?;
    }
    Ok(out)
}

fn shadow(out: &mut String, report: &Report) -> Result {
    let shadow = &report.shadow;
    let name = [&shadow.name, &shadow.version].map(|part| part.as_deref().unwrap_or("–"));
    let digest = shadow.digest.as_deref().map_or_else(String::new, digest::short);
    let described = match &*shadow.state {
        "ready" => format!("{} {}, {digest}", name[0], name[1]),
        state => state.to_owned(),
    };
    row(out, "shadow", &described)?;
    row(out, "", &shadow.path)?;
    if let Some(why) = &shadow.why {
        out.push_str(&paint(BAD, wrapped(why, INDENT).trim_end_matches('\n')));
        out.push('\n');
    }
    Ok(())
}

/// The column of the values.
const INDENT: usize = 11;

fn row(out: &mut String, name: &str, value: &str) -> Result {
    let name = paint(DIM, format_args!("{name:<9}"));
    write!(out, "{name}  {}", after_label(value, INDENT))
}

/// Changes of the same kind, the most frequent kind first.
fn grouped(changes: &[Change]) -> Vec<(u64, Vec<&Change>)> {
    let mut kinds: Vec<(u64, Vec<&Change>)> = Vec::new();
    for change in changes {
        match kinds.iter_mut().find(|(_, alike)| alike[0].kind == change.kind) {
            Some((count, alike)) => {
                *count += change.count;
                alike.push(change);
            }
            None => kinds.push((change.count, vec![change])),
        }
    }
    kinds.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    kinds
}

fn listed(out: &mut String, count: u64, alike: &[&Change]) -> Result {
    let kind = visible(&alike[0].kind);
    let is_bad = kind.contains("→ reject") || kind.contains("→ fault") || kind.contains("→ drop");
    let kind = paint(if is_bad { BAD } else { ODD }, kind);
    writeln!(out, "\n{count:>7}  {kind}")?;
    // One example is enough when there are several event types.
    let most = if alike.len() > 1 { 1 } else { usize::MAX };
    for change in alike {
        if let Some(event_type) = &change.event_type {
            let version = change.version.as_deref().unwrap_or_default();
            let event = format!("{:>7}  {} {}", change.count, visible(event_type), visible(version));
            writeln!(out, "  {}", paint(DIM, event.trim_end()))?;
        }
        for example in change.examples.iter().take(most) {
            shown(out, example)?;
        }
    }
    Ok(())
}

fn shown(out: &mut String, example: &Example) -> Result {
    let id = example.event_id.as_deref().map_or_else(|| "no id".to_owned(), visible);
    writeln!(out, "           {id}  {}", paint(DIM, visible(&example.source)))?;
    for (policy, violations) in [("now", &example.live_violations), ("then", &example.shadow_violations)] {
        for violation in violations {
            let path = if violation.path.is_empty() {
                "the whole event"
            } else {
                &*violation.path
            };
            writeln!(
                out,
                "             {policy}: {} at {}",
                visible(&violation.code),
                visible(path)
            )?;
        }
    }
    if example.values.is_empty() {
        // A single path is part of the kind already.
        for pointer in example.pointers.iter().filter(|_| example.pointers.len() > 1) {
            writeln!(out, "             {}", visible(pointer))?;
        }
        return Ok(());
    }
    for values in &example.values {
        let [live, shadow] = [&values.live, &values.shadow].map(|value| {
            value
                .as_deref()
                .map_or_else(|| "nothing".to_owned(), |value| cut(value, 60))
        });
        writeln!(out, "             {}: {live} → {shadow}", visible(&values.path))?;
    }
    Ok(())
}
