//! `tidegate policy promote`: the shadow policy becomes the current policy.

use std::{fmt::Write as _, process::ExitCode};

use clap::Args;
use serde::Deserialize;

use super::{
    super::{paint::Paint, words::wrapped},
    admin::Admin,
    short,
};

/// Make the shadow policy the current policy.
///
/// It has to pass what every policy has to: its self-test, its channels, the types that it accepts. Asks nothing: look at
/// `tidegate policy diff` before. `tidegate policy rollback` goes back.
///
/// The exit code is 1 when the gate refuses it, with the reason, or has no shadow policy.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate policy diff --exit-code && tidegate policy promote
  tidegate policy promote --config gate.yaml --json")]
pub(super) struct Promote {
    #[command(flatten)]
    admin: Admin,
}

/// What the gate answers when another policy judges.
#[derive(Deserialize)]
pub(super) struct Replaced {
    from: Option<String>,
    to: String,
    #[serde(default)]
    advice: Option<String>,
}

impl Promote {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let answer = self.admin.post::<Replaced>("/admin/promote", String::new()).await?;
        let shown = answer.show(|replaced| text("promoted", replaced, Paint::for_stdout()))?;
        Ok(shown.map_or_else(|no| no, |_| ExitCode::SUCCESS))
    }
}

/// What was done, and what is left to do.
pub(super) fn text(done: &str, replaced: &Replaced, paint: Paint) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(
        out,
        "{}",
        paint.good(format_args!("{done}: {} decides", short(&replaced.to)))
    )?;
    let before = replaced.from.as_deref().map_or_else(|| "none".to_owned(), short);
    writeln!(out, "  {}", paint.dim(format_args!("before: {before}")))?;
    if let Some(advice) = &replaced.advice {
        out.push_str(&wrapped(advice, 2));
    }
    Ok(out)
}
