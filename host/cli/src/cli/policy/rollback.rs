//! `tidegate policy rollback`: back to an earlier revision.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{
    super::paint::Paint,
    admin::Admin,
    promote::{Replaced, text},
};

/// Roll back to an earlier revision, at once.
///
/// Without --to it is the last one that was not rolled back. Events in flight are finished by the revision that they began
/// with. The file stays as it is and is not loaded again until it changes.
///
/// The exit code is 1 when the gate cannot: there is no earlier revision, or its policy is not in memory any more.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate policy rollback
  tidegate policy status && tidegate policy rollback --to sha256:9f86d081
  tidegate dlq redrive --all --revision sha256:2c26b46b    # what the bad one rejected, once more")]
pub(super) struct Rollback {
    /// Digest of the revision to roll back to, or its first digits; `tidegate policy status` shows which are kept.
    #[arg(long, value_name = "DIGEST")]
    to: Option<String>,
    #[command(flatten)]
    admin: Admin,
}

impl Rollback {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let body = self.to.map(|to| json!({ "digest": to }).to_string());
        let answer = self
            .admin
            .post::<Replaced>("/admin/rollback", body.unwrap_or_default())
            .await?;
        let shown = answer.show(|replaced| text("rolled back", replaced, Paint::for_stdout()))?;
        Ok(shown.map_or_else(|no| no, |_| ExitCode::SUCCESS))
    }
}
