//! `tidegate policy rollback`: returns to an earlier revision.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{
    admin::Admin,
    promote::{Replaced, text},
};

/// Roll back to an earlier revision, at once.
///
/// Without --to, it is the last one that was not rolled back. Events in flight are finished by their revision. The file of
/// the policy stays as it is, and is not loaded again until it changes.
///
/// The exit code is 1 when there is no earlier revision, it is not in memory any more, or several begin with the digits.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate policy rollback
  tidegate policy status && tidegate policy rollback --to sha256:9f86d081
  tidegate dlq redrive --all --revision sha256:2c26b46b    # what the bad revision rejected")]
pub(super) struct Rollback {
    /// Digest of the revision to roll back to, or its first digits; `tidegate policy status` lists them.
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
        let shown = answer.show(|replaced| text("rolled back", replaced))?;
        Ok(shown.map_or_else(|code| code, |_| ExitCode::SUCCESS))
    }
}
