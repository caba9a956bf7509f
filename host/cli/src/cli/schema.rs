//! `tidegate config-schema` and `policy-schema`: the JSON Schemas of the configuration and of a policy's manifest.

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use clap::Args;
use tidegate_folder::MANIFEST_SCHEMA;
use tidegate_gate::config;

/// Print the JSON Schema of the configuration file, for editors and reviews.
#[derive(Debug, Args)]
pub(super) struct ConfigSchema {}

impl ConfigSchema {
    #[allow(clippy::unused_self, reason = "all commands have the same form")]
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&config::json_schema())?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Print the JSON Schema of a policy's manifest, policy.yaml, for editors and reviews.
///
/// `tidegate new` writes it beside the manifest, whose first line names it for editors that understand YAML.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  tidegate policy-schema > orders/policy.schema.json")]
pub(super) struct PolicySchema {}

impl PolicySchema {
    #[allow(clippy::unused_self, reason = "all commands have the same form")]
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        stdout().write_all(MANIFEST_SCHEMA.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
