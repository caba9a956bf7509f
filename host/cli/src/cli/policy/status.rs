//! `tidegate policy status`: which policy judges, which did before, and what became of the file.

use std::{
    fmt::{Result, Write as _},
    process::ExitCode,
};

use clap::Args;
use serde::Deserialize;

use super::{
    super::{
        exit,
        paint::Paint,
        words::{cut, duration, visible, wrapped},
    },
    admin::Admin,
    short,
    wait::{Tells, Wait},
};

/// Show which policy judges, those before it, and whether the file is taken.
///
/// With each revision: the first digits of its digest, when it took over and how long that took, and what it said of the
/// events that it judged. A `kept` revision is in memory: `tidegate policy rollback` goes back to it at once.
///
/// With --wait-for it is shown when the gate judges by that file: what a deployment waits for.
///
/// The exit code is 1 when no policy judges: the gate waits for a good file. With --wait-for it is 1 when that file is
/// refused, does not judge in time, or is not watched.
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
        let judges = self.wait.wait::<History>(&self.admin).await?;
        let answer = self.admin.get::<History>(History::PATH).await?;
        let shown = answer.show(|history| text(history, Paint::for_stdout()))?;
        Ok(match shown {
            Ok(status) if status.current.is_none() || !judges => ExitCode::from(exit::NO),
            Ok(_) => ExitCode::SUCCESS,
            Err(no) => no,
        })
    }
}

impl Tells for History {
    const PATH: &'static str = "/admin/revisions";

    fn judges(&self, digest: &str) -> Option<bool> {
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

fn text(status: &History, paint: Paint) -> std::result::Result<String, std::fmt::Error> {
    let mut out = String::new();
    match &status.current {
        Some(digest) => writeln!(
            out,
            "{}",
            paint.bold(format_args!("revision {} decides", short(digest)))
        )?,
        None => writeln!(out, "{}", paint.bold(paint.bad("no policy is loaded")))?,
    }
    row(&mut out, "file", &status.path, paint)?;
    match &status.reload {
        Reload::Ready => row(&mut out, "reload", "ready: a change of the file takes over", paint)?,
        Reload::Off => row(&mut out, "reload", "off: the file is not watched", paint)?,
        Reload::Loading { step, since } => row(&mut out, "reload", &format!("loading: {step}, since {since}"), paint)?,
        Reload::Refused { why, at, .. } => {
            row(&mut out, "reload", &format!("refused at {at}"), paint)?;
            out.push_str(&paint.bad(wrapped(why, 10).trim_end_matches('\n')));
            out.push('\n');
        }
    }
    row(
        &mut out,
        "pin",
        status.pin.as_deref().unwrap_or("none: any policy may run"),
        paint,
    )?;
    if status.revisions.is_empty() {
        return Ok(out);
    }
    let (policy, digest) = ("policy", "digest");
    let title = format!("{digest:<12}  state      {policy:<26}  took over");
    writeln!(out, "\n{}", paint.bold(title))?;
    status
        .revisions
        .iter()
        .try_for_each(|revision| about(&mut out, revision, paint))?;
    Ok(out)
}

fn row(out: &mut String, name: &str, value: &str, paint: Paint) -> Result {
    let value = wrapped(value, 10);
    let name = paint.dim(format_args!("{name:<6}"));
    write!(out, "  {name}  {}", value.trim_start_matches(' '))
}

fn about(out: &mut String, revision: &Revision, paint: Paint) -> Result {
    let state = format!("{:<9}", cut(&revision.state, 9));
    writeln!(
        out,
        "{:<12}  {}  {:<26}  {}",
        short(&revision.digest),
        if revision.state == "current" {
            paint.good(state)
        } else {
            paint.dim(state)
        },
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
    let counts = if fault > 0 { paint.bad(counts) } else { counts };
    let took = &revision.took_ms;
    let took = took.settle + took.read + took.load + took.self_test;
    let code = if revision.cached { "from the cache" } else { "compiled" };
    let by = match &*revision.by {
        "start" => "at the start",
        "file" => "as the file changed",
        "request" => "on request",
        "promotion" => "by promotion",
        _ => "by other means",
    };
    writeln!(out, "     {counts}")?;
    let origin = format!("loaded {by}, {code}, in {}", duration(whole(took)));
    writeln!(out, "     {}", paint.dim(origin))?;
    if let Some(retired) = &revision.retired {
        out.push_str(&wrapped(&format!("replaced at {}: {}", retired.at, retired.why), 5));
    }
    Ok(())
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds of a load, which are neither negative nor beyond all bounds"
)]
fn whole(millis: f64) -> u64 {
    millis.round() as u64
}
