//! What is known of a revision: enough to list it when its policy is not in memory any more.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use tidegate_engine::Policy;
use tidegate_model::{clock, revision::RevisionId};

use super::Tally;

/// What made a policy take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The gate started.
    Start,
    /// The file changed.
    File,
    /// A reload was asked for.
    Request,
    /// The shadow policy was promoted.
    Promotion,
}

/// Where the time went, from the change of the file to the new policy.
#[derive(Debug, Clone, Copy, Default)]
pub struct Took {
    /// Waiting for the file to be whole.
    pub settle: Duration,
    /// Reading it.
    pub read: Duration,
    /// Loading: snapshot and compile, or finding the compiled policy in the cache.
    pub load: Duration,
    /// Trying it on its own examples.
    pub self_test: Duration,
}

/// What is known of a revision.
#[derive(Debug)]
pub struct Record {
    /// Its number and digest.
    pub id: RevisionId,
    /// Name of the policy.
    pub name: String,
    /// Version of the policy.
    pub version: String,
    /// The versions of each type that it accepts.
    pub event_types: BTreeMap<String, Vec<String>>,
    /// Channels that it may send on.
    pub channels: Vec<String>,
    /// When it took over, RFC 3339.
    pub loaded_at: String,
    /// What made it take over.
    pub by: By,
    /// Where the time went.
    pub took: Took,
    /// Time for the snapshot, when one was made.
    pub snapshot: Option<Duration>,
    /// Time for compiling, when it was compiled.
    pub compile: Option<Duration>,
    /// Whether its compiled code was found in the cache.
    pub cached: bool,
    /// Its decisions and faults, counted.
    pub tally: Tally,
}

impl Record {
    pub(super) fn new(number: u64, policy: &Policy, by: By, took: Took) -> Self {
        let (catalog, report) = (policy.catalog(), policy.load_report());
        let accepted = catalog.event_types.iter().filter(|kind| kind.accepted);
        let versions = accepted.map(|kind| {
            let versions = kind.versions.iter().map(|version| version.version.clone());
            (kind.name.clone(), versions.collect())
        });
        Self {
            id: RevisionId {
                number,
                digest: policy.digest().to_string(),
            },
            name: catalog.name.clone(),
            version: catalog.version.clone(),
            event_types: versions.collect(),
            channels: catalog.channels.clone(),
            loaded_at: clock::now(),
            by,
            took,
            snapshot: report.snapshot,
            compile: report.compile,
            cached: report.from_cache,
            tally: Tally::default(),
        }
    }
}
