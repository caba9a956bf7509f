//! `tidegate check`: loads and tests the file of a policy.

use std::{
    fmt::Write as _,
    io::{Write as _, stdout},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use serde::Serialize;
use tidegate_engine::{Isolation, LoadReport, Policy, PolicyCatalog, SelfTestReport};

use super::{exit, files, proof::ProofArgs, words::visible};

/// Load a policy, run its self-test, and show its imports, exports, event types and channels.
///
/// A folder is proved too, as `build` does. Exit code 0: a gate can load it. 1: its proof or its self-test fails. 3: it does not load.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate check policy.wasm
  tidegate check orders
  tidegate check policy.wasm --json | jq '.catalog.event_types[].name'")]
pub(super) struct Check {
    /// The policy, a file or a folder.
    policy: PathBuf,
    #[command(flatten)]
    proof: ProofArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Checked<'a> {
    passed: bool,
    digest: &'a str,
    load: &'a LoadReport,
    catalog: &'a PolicyCatalog,
    self_test: &'a SelfTestReport,
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let policy = files::load_policy(&self.policy, Isolation::Fresh, 2).await?;
        // Natively, and so only once a sandbox has taken the policy.
        if self.policy.is_dir() && self.proof.run(&self.policy).await?.is_none() {
            return Ok(ExitCode::from(exit::NO));
        }
        let report = policy.self_test().await?;
        if self.json {
            let checked = Checked {
                passed: report.passed(),
                digest: policy.digest().as_str(),
                load: policy.load_report(),
                catalog: policy.catalog(),
                self_test: &report,
            };
            writeln!(stdout(), "{}", serde_json::to_string(&checked)?)?;
        } else {
            write!(stdout(), "{}", text(&policy, &report)?)?;
        }
        Ok(if report.passed() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(exit::NO)
        })
    }
}

fn text(policy: &Policy, report: &SelfTestReport) -> Result<String, std::fmt::Error> {
    let (catalog, load) = (policy.catalog(), policy.load_report());
    let mut out = String::new();
    writeln!(out, "{} {}", visible(&catalog.name), visible(&catalog.version))?;
    writeln!(out, "  {}, {} bytes", policy.digest(), load.bytes)?;
    match (load.snapshot, load.compile) {
        (Some(snapshot), Some(compile)) => {
            writeln!(out, "  prepared in {snapshot:.1?}, compiled in {compile:.1?}")?;
        }
        (None, Some(compile)) => writeln!(out, "  compiled in {compile:.1?}, loaded in {:.1?}", load.total)?,
        _ => writeln!(out, "  compiled code from the cache, loaded in {:.1?}", load.total)?,
    }
    section(&mut out, "imports", &load.imports)?;
    section(&mut out, "exports", &load.exports)?;
    writeln!(out, "\nevent types")?;
    for event_type in &catalog.event_types {
        let versions: Vec<_> = event_type
            .versions
            .iter()
            .map(|version| version.version.as_str())
            .collect();
        let use_of_it = if event_type.accepted { "accepted" } else { "sent only" };
        let channels = match &event_type.channels[..] {
            [] => "dropped".to_owned(),
            channels => channels.join(", "),
        };
        let retries = event_type.retry_delays_ms.len();
        writeln!(
            out,
            "  {:<26} {:<9} {use_of_it:<9} → {:<12} {retries} retries",
            visible(&event_type.name),
            visible(&versions.join(", ")),
            visible(&channels)
        )?;
    }
    section(&mut out, "channels that it publishes to", &catalog.channels)?;
    writeln!(out, "\nself-test")?;
    for case in &report.cases {
        let mark = if case.problems.is_empty() { "pass" } else { "FAIL" };
        writeln!(
            out,
            "  {mark}  {} {}",
            visible(&case.event_type),
            visible(&case.version)
        )?;
        for problem in &case.problems {
            writeln!(out, "        {}", visible(problem))?;
        }
    }
    let failed = report.cases.iter().filter(|case| !case.problems.is_empty()).count();
    writeln!(
        out,
        "\n{}: {} examples, {failed} failed",
        if report.passed() { "pass" } else { "FAIL" },
        report.cases.len()
    )?;
    Ok(out)
}

fn section(out: &mut String, title: &str, names: &[String]) -> std::fmt::Result {
    writeln!(out, "\n{title}")?;
    if names.is_empty() {
        writeln!(out, "  none")?;
    }
    names.iter().try_for_each(|name| writeln!(out, "  {}", visible(name)))
}
