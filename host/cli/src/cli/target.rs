//! `--target`: the version of the published events.

use std::collections::BTreeSet;

use clap::Args;
use tidegate_engine::Policy;

use super::{notice, words::visible};

/// The version of the published events.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// Version to migrate events to [default: the target version of each type]
    #[arg(long = "target", value_name = "VERSION")]
    version: Option<String>,
}

impl Target {
    /// The version of the option. Warns when no event type has it.
    pub(super) fn for_policy(&self, policy: &Policy) -> Option<String> {
        let target = self.version.as_ref()?;
        let kinds = policy.catalog().event_types.iter();
        let versions = kinds.flat_map(|kind| &kind.versions);
        let known: BTreeSet<_> = versions.map(|version| version.version.as_str()).collect();
        if !known.contains(target.as_str()) {
            let known: Vec<_> = known.into_iter().collect();
            notice::print(format_args!(
                "--target {}: no event type of this policy has that version; there are {}",
                visible(target),
                visible(&known.join(", "))
            ));
        }
        Some(target.clone())
    }
}
