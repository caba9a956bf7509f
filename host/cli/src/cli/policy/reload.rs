//! `tidegate policy reload`: makes the gate read its policy's file now.

use std::{fmt::Write as _, process::ExitCode};

use clap::Args;
use serde::Deserialize;

use super::{
    super::{
        digest,
        styles::{GOOD, paint},
    },
    admin::Admin,
};

/// Make the gate read its policy's file now, changed or not.
///
/// It also works when `policy.reload.enabled` is false. SIGHUP to the gate does the same.
///
/// The exit code is 1 when the file is refused.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate policy reload
  tidegate policy reload --config gate.yaml --json")]
pub(super) struct Reload {
    #[command(flatten)]
    admin: Admin,
}

#[derive(Deserialize)]
struct Reloaded {
    current: Option<String>,
}

impl Reload {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let answer = self.admin.post::<Reloaded>("/admin/reload", String::new()).await?;
        let shown = answer.show(|reloaded| {
            let mut out = String::new();
            let current = reloaded
                .current
                .as_deref()
                .map_or_else(|| "none".to_owned(), digest::short);
            writeln!(out, "{}", paint(GOOD, format_args!("reloaded: {current} decides")))?;
            Ok(out)
        })?;
        Ok(shown.map_or_else(|code| code, |_| ExitCode::SUCCESS))
    }
}
