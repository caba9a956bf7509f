//! `tidegate policy status`: prints the current revision, earlier ones, and the state of the file.

use std::{
    fmt::{Result, Write as _},
    process::ExitCode,
};

use clap::Args;
use serde::Deserialize;

use super::{
    super::{
        digest, exit,
        styles::{BAD, BOLD, DIM, GOOD, paint},
        words::{after_label, cut, duration, visible, wrapped},
    },
    admin::Admin,
    wait::{LoadState, Wait},
};

/// Show the current revision, earlier ones, and the state of the policy's file.
///
/// For each revision: the first digits of its digest, when it was loaded, how long that took, and how many events it
/// forwarded, dropped and rejected. A `kept` revision is in memory: `tidegate policy rollback` returns to it at once.
///
/// With --wait-for, a deployment can wait until the gate has loaded its file.
///
/// The exit code is 1 when the gate has no policy and waits for a good file. With --wait-for, it is 1 when that file is
/// refused, is not loaded in time, or is not watched.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate policy status
  tidegate policy status --config gate.yaml
  mv policy.wasm.new policy.wasm && tidegate policy status --wait-for policy.wasm
  tidegate policy status --json | jq '.revisions[] | {digest, counts}'")]
pub(super) struct Status {
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    admin: Admin,
}

#[derive(Deserialize)]
struct History {
    path: String,
    reload: Reload,
    pin: Option<String>,
    current: Option<String>,
    revisions: Vec<Revision>,
}

#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum Reload {
    Ready,
    Loading {
        step: String,
        since: String,
    },
    Refused {
        why: String,
        digest: Option<String>,
        at: String,
    },
    Off,
}

#[derive(Deserialize)]
struct Revision {
    name: String,
    version: String,
    digest: String,
    state: String,
    loaded_at: String,
    by: String,
    took_ms: Took,
    cached: bool,
    #[serde(default)]
    other_build: bool,
    counts: Counts,
    retired: Option<Retired>,
}

#[derive(Deserialize)]
struct Took {
    settle: f64,
    read: f64,
    load: f64,
    self_test: f64,
}

#[derive(Deserialize)]
struct Counts {
    forward: u64,
    drop: u64,
    reject: u64,
    fault: u64,
}

#[derive(Deserialize)]
struct Retired {
    at: String,
    why: String,
}

impl Status {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let is_loaded = self.wait.wait::<History>(&self.admin).await?;
        let answer = self.admin.get::<History>(History::PATH).await?;
        let shown = answer.show(text)?;
        Ok(match shown {
            Ok(status) if status.current.is_none() || !is_loaded => ExitCode::from(exit::NO),
            Ok(_) => ExitCode::SUCCESS,
            Err(code) => code,
        })
    }
}

impl LoadState for History {
    const PATH: &'static str = "/admin/revisions";

    fn is_loaded(&self, digest: &str) -> Option<bool> {
        let is_it = |revision: &Revision| revision.state == "current" && revision.digest == digest;
        if self.revisions.iter().any(is_it) {
            return Some(true);
        }
        match &self.reload {
            Reload::Off => Some(false),
            Reload::Refused { digest: refused, .. } if refused.as_deref() == Some(digest) => Some(false),
            Reload::Refused { .. } | Reload::Loading { .. } | Reload::Ready => None,
        }
    }
}

fn text(status: &History) -> std::result::Result<String, std::fmt::Error> {
    let mut out = String::new();
    match &status.current {
        Some(digest) => writeln!(
            out,
            "{}",
            paint(BOLD, format_args!("revision {} decides", digest::short(digest)))
        )?,
        None => writeln!(out, "{}", paint(BAD.bold(), "no policy is loaded"))?,
    }
    row(&mut out, "file", &status.path)?;
    match &status.reload {
        Reload::Ready => row(&mut out, "reload", "ready: the file is loaded when it changes")?,
        Reload::Off => row(&mut out, "reload", "off: the file is not watched")?,
        Reload::Loading { step, since } => row(&mut out, "reload", &format!("loading: {step}, since {since}"))?,
        Reload::Refused { why, at, .. } => {
            row(&mut out, "reload", &format!("refused at {at}"))?;
            out.push_str(&paint(BAD, wrapped(why, 10).trim_end_matches('\n')));
            out.push('\n');
        }
    }
    row(
        &mut out,
        "pin",
        status.pin.as_deref().unwrap_or("none: any policy may run"),
    )?;
    if status.revisions.is_empty() {
        return Ok(out);
    }
    let (policy, digest) = ("policy", "digest");
    let title = format!("{digest:<12}  state      {policy:<26}  loaded");
    writeln!(out, "\n{}", paint(BOLD, title))?;
    status
        .revisions
        .iter()
        .try_for_each(|revision| about(&mut out, revision))?;
    Ok(out)
}

fn row(out: &mut String, name: &str, value: &str) -> Result {
    let name = paint(DIM, format_args!("{name:<6}"));
    write!(out, "  {name}  {}", after_label(value, 10))
}

fn about(out: &mut String, revision: &Revision) -> Result {
    let state = format!("{:<9}", cut(&revision.state, 9));
    writeln!(
        out,
        "{:<12}  {}  {:<26}  {}",
        digest::short(&revision.digest),
        paint(if revision.state == "current" { GOOD } else { DIM }, state),
        cut(&format!("{} {}", revision.name, revision.version), 26),
        visible(&revision.loaded_at),
    )?;
    let Counts {
        forward,
        drop,
        reject,
        fault,
    } = revision.counts;
    let counts = format!("{forward} forwarded, {drop} dropped, {reject} rejected, {fault} faults");
    let counts = if fault > 0 { paint(BAD, counts) } else { counts };
    let took = &revision.took_ms;
    let took = took.settle + took.read + took.load + took.self_test;
    let code = if revision.cached { "from the cache" } else { "compiled" };
    let by = match &*revision.by {
        "start" => "at the start",
        "file" => "after a change of the file",
        "request" => "on request",
        "promotion" => "by promotion",
        _ => "by other means",
    };
    writeln!(out, "     {counts}")?;
    let origin = format!("loaded {by}, {code}, in {}", duration(whole(took)));
    writeln!(out, "     {}", paint(DIM, origin))?;
    if revision.other_build {
        let why = "another tidegate has built it of a folder, so it was compiled like foreign code; `tidegate build DIR -o FILE` with this one loads in milliseconds";
        out.push_str(&wrapped(why, 5));
    }
    if let Some(retired) = &revision.retired {
        out.push_str(&wrapped(&format!("replaced at {}: {}", retired.at, retired.why), 5));
    }
    Ok(())
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the milliseconds of a load are positive and few"
)]
fn whole(millis: f64) -> u64 {
    millis.round() as u64
}
