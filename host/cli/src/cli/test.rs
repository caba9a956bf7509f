//! `tidegate test`: runs the cases of a policy.

mod answer;
mod ask;
mod cases;
mod compare;
mod coverage;
mod junit;
mod report;
mod run;
mod text;
mod update;
mod write;

use std::{
    io::{Write as _, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use tidegate_engine::{Isolation, Policy};

use self::{
    cases::CaseFile,
    report::Report,
    run::{Outcome, Run},
    update::Update,
};
use super::{exit, files, notice, proof::ProofArgs, replace::replace, words::visible};

/// Test a policy by the cases in its folder `tests`.
#[derive(Debug, Args)]
#[command(
    long_about = ABOUT,
    after_help = "Examples:
  tidegate test orders
  tidegate test orders --filter currency
  tidegate test orders --policy orders.wasm --report junit=report.xml
  tidegate test orders --update && git diff orders/tests

The exit code is 1 when a case or the proof fails, or the coverage is less than --coverage-min."
)]
pub(super) struct Test {
    /// The folder of the policy.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Test this policy, a file or a folder, with the cases of DIR.
    #[arg(long, value_name = "PATH")]
    policy: Option<PathBuf>,
    /// Run only the cases whose names contain this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write what the policy answers into the failing cases. Comments stay.
    #[arg(long)]
    update: bool,
    /// Exit with 1 when less than this share of the policy is tested.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    coverage_min: Option<u8>,
    /// Write a report: junit=FILE
    #[arg(long, value_name = "junit=FILE")]
    report: Option<JunitFile>,
    /// Do not prove the folder.
    #[arg(long)]
    no_prove: bool,
    #[command(flatten)]
    proof: ProofArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

const ABOUT: &str = "\
Test a policy by the cases in its folder `tests`.

Each file tests/*.yaml (or .json) is a list of cases: an event, and what is expected of the policy.

  - name: an order of version 1 leaves as version 2
    event: { id: o-1, type: order.placed, data: { total: 9.50 } }
    expect:
      decision: forward
      outputs: [{ channel: orders, event: { schemaVersion: \"2\", data: { total: \"9.50\" } } }]

What a case leaves out is not compared. An object has the members that are expected, and maybe
others, unless `exact: true` stands beside it. A list has the items that are expected, and no
others. Numbers are compared as they are written.

  event, or file   the event: as YAML or JSON, as a text, or in a file beside that of the case
  attributes       it is the data of a CloudEvent with these
  now, target      the time to judge by; the version in which it shall leave
  expect
    decision, rule, claim, id, type, version, key
    violations     a list of { code, path, rule, version, message }, in any order
    outputs        a list of { channel, key, id, type, not_before, event, attributes, unchanged, exact }
    migrate        { to, event, attributes, exact } or { to, fails, violations }
    next_attempt   by the attempt that failed: { 0: 5s, 1: 1m, 2: dead_letter }

The policy decides as it does in a gate. The files in `tests` are no part of it. The coverage
tells which versions, migrations, rules and drop rules no case has seen at work.

Then the folder is proved as by `tidegate build`, unless --no-prove or --policy is given.";

/// The value of `--report`.
#[derive(Debug, Clone)]
struct JunitFile(PathBuf);

impl FromStr for JunitFile {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let file = text.strip_prefix("junit=").filter(|file| !file.is_empty());
        file.map(|file| Self(file.into())).ok_or("write junit=FILE")
    }
}

/// What came of all cases of a folder, for people.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) text: String,
    pub(super) passed: bool,
}

/// Runs all cases of a folder.
pub(super) async fn summary(policy: &Policy, folder: &Path) -> anyhow::Result<Summary> {
    let files = cases::read(folder)?;
    let run = run::run(policy, &files, "").await;
    Ok(Summary {
        text: text::text(&run)?,
        passed: run.failed() == 0,
    })
}

impl Test {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut cases = self.cases()?;
        let path = self.policy.as_ref().unwrap_or(&self.folder);
        let policy = files::load_policy(path, Isolation::Fresh, 2).await?;
        if self.update && self.update(&policy, &cases).await? > 0 {
            cases = self.cases()?;
        }
        let run = run::run(&policy, &cases, self.filter()).await;
        if run.results.is_empty() {
            notice::print(format_args!("no case has a name with {:?}", visible(self.filter())));
            return Ok(ExitCode::from(exit::MISUSE));
        }
        self.print(&run)?;
        let least = usize::from(self.coverage_min.unwrap_or_default());
        let is_covered = run.coverage.percent >= least;
        if !is_covered {
            let percent = run.coverage.percent;
            notice::print(format_args!(
                "the coverage is {percent} %, and --coverage-min asks for {least} %"
            ));
        }
        let is_proved = self.no_prove || self.policy.is_some() || self.proof.run(&self.folder).await?.is_some();
        Ok(if run.failed() == 0 && is_covered && is_proved {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(exit::NO)
        })
    }

    fn filter(&self) -> &str {
        self.filter.as_deref().unwrap_or_default()
    }

    fn cases(&self) -> anyhow::Result<Vec<CaseFile>> {
        let files = cases::read(&self.folder)?;
        if files.iter().all(|file| file.cases.is_empty()) {
            let file = self.folder.join(cases::FOLDER).join("cases.yaml");
            bail!(
                "there are no cases: write one into {}, as `tidegate test --help` shows",
                file.display()
            );
        }
        Ok(files)
    }

    /// Writes the answers into the files of the cases that fail; returns how many there are.
    async fn update(&self, policy: &Policy, cases: &[CaseFile]) -> anyhow::Result<usize> {
        let run = run::run(policy, cases, self.filter()).await;
        let mut count = 0;
        for results in run.results.chunk_by(|one, other| std::ptr::eq(one.file, other.file)) {
            let updates = results.iter().filter_map(|result| match &result.outcome {
                Outcome::Failed {
                    differences, answer, ..
                } => Some(Update::new(result.case, differences, answer)),
                Outcome::Passed | Outcome::Fault(_) => None,
            });
            let updates: Vec<_> = updates.collect();
            let file = results[0].file;
            if updates.is_empty() {
                continue;
            }
            let text = update::text(file, &updates)?;
            let now = std::fs::read_to_string(&file.path).with_context(|| unwritten(&file.path))?;
            ensure!(
                now == file.text,
                "{} has changed meanwhile: try again",
                file.path.display()
            );
            replace(&file.path, text.as_bytes()).with_context(|| unwritten(&file.path))?;
            for Update { case, .. } in &updates {
                let place = format!("{}:{}", file.path.display(), case.node.line);
                writeln!(stderr(), "updated {place}  {}", visible(&case.name))?;
            }
            count += updates.len();
        }
        Ok(count)
    }

    fn print(&self, run: &Run<'_>) -> anyhow::Result<()> {
        if let Some(JunitFile(file)) = &self.report {
            replace(file, junit::report(run)?.as_bytes()).with_context(|| unwritten(file))?;
        }
        if self.json {
            writeln!(stdout(), "{}", serde_json::to_string(&Report::new(run))?)?;
        } else {
            write!(anstream::stdout(), "{}", text::text(run)?)?;
        }
        Ok(())
    }
}

fn unwritten(file: &Path) -> String {
    format!("{} cannot be written", file.display())
}
