//! `tidegate new`: writes the folder of a policy, and what a gate needs around it.

use std::{
    io::{Write as _, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::bail;
use clap::Args;
use serde::Serialize;
use tidegate_infer::Inferred;

mod around;
mod disk;
mod samples;
mod starter;

/// Write a new folder: a policy of plain files, and what a gate needs around it.
///
/// The folder has a policy with one event type in two versions, a migration, a rule and test cases, sample events, the configuration of a
/// gate, and the components and topics for Dapr and Kafka. It works as it is. Nothing that exists is overwritten, and no network is needed.
///
/// With --from, the policy is inferred from sample events, bare ones or CloudEvents: where they state their id, type, version, key and
/// time, which types there are, and a schema of each version. Every sample is valid in it. What to check is printed, and stands in
/// policy.yaml.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate new orders
  tidegate new orders --from events.jsonl
  tidegate apply --policy orders < orders/events.jsonl
  tidegate serve orders")]
pub(super) struct New {
    /// The name of the policy, and of the folder in the working directory: small letters, digits and hyphens.
    #[arg(value_name = "NAME")]
    name: String,
    /// Sample events to infer the policy from, one a line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Written<'a> {
    folder: &'a Path,
    files: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inferred: Option<&'a Inferred>,
}

impl New {
    #[allow(clippy::unused_async, reason = "all commands have the same form")]
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        check_name(&self.name)?;
        let (files, inferred) = match &self.from {
            None => (starter::files(&self.name), None),
            Some(from) => {
                let (files, inferred) = samples::files(&self.name, from)?;
                (files, Some(inferred))
            }
        };
        let folder = PathBuf::from(&self.name);
        disk::write(&folder, &files)?;
        let mut out = stdout().lock();
        if self.json {
            let written = Written {
                folder: &folder,
                files: files.iter().map(|file| file.path.as_str()).collect(),
                inferred: inferred.as_ref(),
            };
            writeln!(out, "{}", serde_json::to_string(&written)?)?;
        } else {
            for file in &files {
                writeln!(out, "  {}/{}", self.name, file.path)?;
            }
            if let Some(inferred) = &inferred {
                writeln!(out, "\n{}", samples::said(inferred))?;
            }
            writeln!(out, "\nNext, as {}/README.md says:", self.name)?;
            for command in around::next(&self.name) {
                writeln!(out, "  {command}")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A name that is a folder, a Dapr app id, a consumer group and the beginning of topics.
fn check_name(name: &str) -> anyhow::Result<()> {
    let is_inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    if !begins || name.ends_with('-') || name.len() > 50 || !name.bytes().all(is_inside) {
        bail!(
            "{name:?} cannot be the name of a policy: take at most 50 small letters, digits and hyphens, beginning with a letter, such \
             as my-shop"
        );
    }
    Ok(())
}
