//! `tidegate test`: runs the cases of a policy.

mod answer;
mod ask;
mod cases;
mod compare;
mod coverage;
mod document;
mod run;
mod text;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::bail;
use clap::Args;
use tidegate_engine::Isolation;

use super::{exit, files};

/// Test a policy by the cases in its folder `tests`.
///
/// Each file tests/*.yaml (or .json) is a list of cases. A case has a name, an event, and what is expected of the policy;
/// what it leaves out is not compared:
///
///   - name: an order without a currency is rejected
///     event: { id: o-1, type: order.placed, schemaVersion: "2", data: { total: "9.50" } }
///     expect:
///       decision: reject
///       violations: [{ code: required, path: /data/currency }]
///
/// The policy decides as it does in a gate. The files in `tests` do not belong to it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate test orders
  tidegate test orders --filter currency
  tidegate test orders --policy orders.wasm")]
pub(super) struct Test {
    /// The folder of the policy.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Test this policy, a file or a folder, with the cases of DIR.
    #[arg(long, value_name = "PATH")]
    policy: Option<PathBuf>,
    /// Run only the cases whose names contain this text.
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
}

impl Test {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let files = cases::read(&self.folder)?;
        if files.iter().all(|file| file.cases.is_empty()) {
            let tests = self.folder.join(cases::FOLDER);
            bail!(
                "there are no cases: write one into {}, as `tidegate test --help` shows",
                tests.join("cases.yaml").display()
            );
        }
        let path = self.policy.as_ref().unwrap_or(&self.folder);
        let policy = files::load_policy(path, Isolation::Fresh, 2).await?;
        let run = run::run(&policy, &files, &self.filter).await;
        write!(anstream::stdout(), "{}", text::text(&run)?)?;
        Ok(if run.failed() == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(exit::NO)
        })
    }
}
