//! `tidegate policy rollback`: back to a policy before.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{
    super::paint::Paint,
    admin::Admin,
    promote::{Replaced, text},
};

/// Go back to the policy before, at once.
///
/// Without --to it is the last one that the gate has not gone back from. Events in flight are finished by the policy that
/// they began with. The file stays as it is and is not taken again until it changes.
///
/// The exit code is 1 when the gate cannot: nothing to go back to, or its policy is no longer kept.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate policy rollback
  tidegate policy status && tidegate policy rollback --to 2
  tidegate dlq redrive --all --revision 3    # what the bad one rejected, once more")]
pub(super) struct Rollback {
    /// Number of the revision to go back to; `tidegate policy status` shows which are kept.
    #[arg(long, value_name = "NUMBER")]
    to: Option<u64>,
    #[command(flatten)]
    admin: Admin,
}

impl Rollback {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let body = self.to.map(|to| json!({ "revision": to }).to_string());
        let answer = self
            .admin
            .post::<Replaced>("/admin/rollback", body.unwrap_or_default())
            .await?;
        let shown = answer.show(|replaced| text("went back", replaced, Paint::for_stdout()))?;
        Ok(shown.map_or_else(|no| no, |_| ExitCode::SUCCESS))
    }
}
