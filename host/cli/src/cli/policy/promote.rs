//! `tidegate policy promote`: makes the shadow policy the current policy.

use std::{fmt::Write as _, process::ExitCode};

use clap::Args;
use serde::Deserialize;

use super::{
    super::{
        digest,
        styles::{DIM, GOOD, paint},
        words::wrapped,
    },
    admin::Admin,
};

/// Make the shadow policy the current policy.
///
/// It must pass the same checks as every policy: its self-test, its channels, the types that it accepts. There is no
/// prompt: check `tidegate policy diff` first. `tidegate policy rollback` undoes it.
///
/// The exit code is 1 when the gate refuses it, or has no shadow policy. The reason is printed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate policy diff --exit-code && tidegate policy promote
  tidegate policy promote --config gate.yaml --json")]
pub(super) struct Promote {
    #[command(flatten)]
    admin: Admin,
}

/// The answer of the gate when another policy decides.
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
        let shown = answer.show(|replaced| text("promoted", replaced))?;
        Ok(shown.map_or_else(|code| code, |_| ExitCode::SUCCESS))
    }
}

/// What the gate did, and what to do next.
pub(super) fn text(done: &str, replaced: &Replaced) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(
        out,
        "{}",
        paint(GOOD, format_args!("{done}: {} decides", digest::short(&replaced.to)))
    )?;
    let before = replaced
        .from
        .as_deref()
        .map_or_else(|| "none".to_owned(), digest::short);
    writeln!(out, "  {}", paint(DIM, format_args!("before: {before}")))?;
    if let Some(advice) = &replaced.advice {
        out.push_str(&wrapped(advice, 2));
    }
    Ok(out)
}
