//! `--target`: the version in which events leave.

use std::collections::BTreeSet;

use anyhow::bail;
use clap::Args;
use tidegate_engine::Policy;

/// The version in which events leave.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// Version in which events leave [default: the latest of each type]
    #[arg(long = "target", value_name = "VERSION")]
    version: Option<String>,
}

impl Target {
    /// The version, when some event type has it.
    pub(super) fn known_to(&self, policy: &Policy) -> anyhow::Result<Option<String>> {
        let Some(target) = &self.version else {
            return Ok(None);
        };
        let kinds = &policy.catalog().event_types;
        let known: BTreeSet<_> = kinds
            .iter()
            .flat_map(|kind| &kind.versions)
            .map(|version| version.version.as_str())
            .collect();
        if !known.contains(target.as_str()) {
            let known: Vec<_> = known.into_iter().collect();
            bail!(
                "--target {target}: no event type of this policy has that version; there are {}",
                known.join(", ")
            );
        }
        Ok(Some(target.clone()))
    }
}
