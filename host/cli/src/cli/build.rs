//! `tidegate build`: makes one file of a folder, a component or a bundle.

use std::{
    fs,
    io::{Write as _, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;
use tidegate_engine::{Digest, Engine, Isolation};
use tidegate_policies::source::{self, Source, SourceLoader};

use super::{digest, exit, files, mistake, progress, proof::ProofArgs, replace::replace};

/// Build a policy in one file from a folder of plain files.
///
/// The folder has a manifest, policy.yaml, and the JSON Schemas that it names. If the file's name ends with `.json`, it is a bundle:
/// the files as one JSON document, which a gate loads and a ConfigMap holds. Else it is a WebAssembly component, which other languages
/// load, too. No compiler and no network are needed. The same files give the same bytes with the same tidegate, and `--check` compares
/// them with a file that was built before: exit code 1 when they differ.
///
/// Before anything is written, the policy is proved: events that are made from its schemas show that each migration keeps what it
/// promises. One that shows otherwise is printed, as small as possible, with exit code 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate build orders -o orders.wasm && tidegate serve --policy orders.wasm
  tidegate build orders -o orders.json && kubectl create configmap orders --from-file=orders.json
  tidegate build orders --check orders.wasm")]
pub(super) struct Build {
    /// The folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The file to write.
    #[arg(short, long, value_name = "FILE", default_value = "policy.wasm")]
    output: PathBuf,
    /// Compare with this file, and write nothing.
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    check: Option<PathBuf>,
    #[command(flatten)]
    proof: ProofArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Built<'a> {
    file: &'a Path,
    digest: &'a str,
    bytes: usize,
    /// Whether the file has these bytes; it has when it was just written.
    same: bool,
}

impl Build {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let engine = files::engine(Isolation::Fresh, 1)?;
        let spinner = progress::spinner("{spinner} building the policy {elapsed}");
        let file = self.check.as_ref().unwrap_or(&self.output);
        let bytes = self.built(engine, file).await;
        spinner.finish_and_clear();
        let bytes = bytes?;
        // Natively, and so only once a sandbox has taken the policy.
        if self.proof.run(&self.folder).await?.is_none() {
            return Ok(ExitCode::from(exit::NO));
        }
        let (file, same) = if let Some(file) = &self.check {
            let found = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
            (file, found == bytes)
        } else {
            replace(&self.output, &bytes).with_context(|| format!("{} cannot be written", self.output.display()))?;
            (&self.output, true)
        };
        let digest = Digest::of(&bytes);
        let built = Built {
            file,
            digest: digest.as_str(),
            bytes: bytes.len(),
            same,
        };
        if self.json {
            writeln!(stdout(), "{}", serde_json::to_string(&built)?)?;
        } else {
            let what = match (self.check.is_some(), same) {
                (false, _) => "was made of",
                (true, true) => "is the policy of",
                (true, false) => "is not the policy of",
            };
            writeln!(
                stdout(),
                "{} {what} {}: {}, {} KiB",
                file.display(),
                self.folder.display(),
                digest::short(built.digest),
                built.bytes.div_ceil(1024)
            )?;
        }
        Ok(if same {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(exit::NO)
        })
    }
}

impl Build {
    /// The policy's bytes, once a gate would take the policy.
    async fn built(&self, engine: Engine, file: &Path) -> anyhow::Result<Vec<u8>> {
        let folder = self.folder.display();
        let source = Source::of_folder(&self.folder)?;
        let failed = || format!("the policy {folder} cannot be built");
        let policy = SourceLoader::new(engine).load(&source).await;
        let policy = policy
            .with_context(failed)
            .map_err(|error| mistake::placed(&self.folder, error))?;
        files::check_template(&policy).with_context(failed)?;
        let report = policy.self_test().await.with_context(failed)?;
        if let Some(problem) = report.first_problem() {
            bail!(
                "{}: it fails its self-test: {problem}; `tidegate check {folder}` shows all of it",
                failed()
            );
        }
        let bundle = source.bundle().with_context(failed)?;
        if file.extension().is_some_and(|extension| extension == "json") {
            return Ok(format!("{bundle}\n").into_bytes());
        }
        let catalog = policy.catalog();
        source::build(bundle, &catalog.name, &catalog.version).with_context(failed)
    }
}
