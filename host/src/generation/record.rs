//! What is known of a revision: enough to list it when its policy is long gone.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};
use tidegate_engine::Policy;

use super::Tally;
use crate::clock;

/// Which policy it was: what stands on everything that it led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Counts up from 1 with each policy that takes over, anew in each process.
    pub number: u64,
    /// SHA-256 of the policy's file.
    pub digest: String,
}

/// What made a policy take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The gate started.
    Start,
    /// The file changed.
    File,
    /// The candidate was promoted.
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
    pub label: Label,
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
    /// What made it.
    pub by: By,
    /// Where the time went.
    pub took: Took,
    /// Time for the snapshot, when one was made.
    pub snapshot: Option<Duration>,
    /// Time for compiling, when it was compiled.
    pub compile: Option<Duration>,
    /// Whether its compiled code was found in the cache.
    pub cached: bool,
    /// What it said.
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
            label: Label {
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

/// `2 (sha256:9f86d081884c)`, with as much of the digest as people need.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.digest.get(..19).unwrap_or(&self.digest);
        write!(f, "{} ({short})", self.number)
    }
}
