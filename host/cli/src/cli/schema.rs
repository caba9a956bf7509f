//! `tidegate config-schema`: the JSON Schema of the configuration.

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use clap::Args;
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
