//! The record of a revision: enough to list it when its policy is no longer in memory. Knows no history.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use tidegate_engine::Policy;
use tidegate_model::{clock, revision::RevisionId};

use super::Tally;

/// What made a policy take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadedBy {
    /// The gate started.
    Start,
    /// The file changed.
    File,
    /// A reload was requested.
    Request,
    /// The shadow policy was promoted.
    Promotion,
}

/// The time of each step, from the change of the file to the new revision.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timings {
    /// Waiting until the file does not change any more.
    pub settle: Duration,
    /// Reading it.
    pub read: Duration,
    /// Loading: snapshot and compile, or reading the compiled policy from the cache.
    pub load: Duration,
    /// Running its self-test.
    pub self_test: Duration,
}

/// The record of a revision.
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
    /// Channels that it may publish on.
    pub channels: Vec<String>,
    /// When it took over, RFC 3339.
    pub loaded_at: String,
    /// What made it take over.
    pub loaded_by: LoadedBy,
    /// The time of each step.
    pub timings: Timings,
    /// Time for the snapshot, when one was made.
    pub snapshot: Option<Duration>,
    /// Time for compiling, when it was compiled.
    pub compile: Option<Duration>,
    /// Whether its compiled code was in the cache.
    pub cached: bool,
    /// Whether another tidegate has built it of plain files, so that its code is foreign.
    pub other_build: bool,
    /// Its decisions and faults, counted.
    pub tally: Tally,
}

impl Record {
    pub(super) fn new(number: u64, policy: &Policy, by: LoadedBy, timings: Timings) -> Self {
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
            loaded_by: by,
            timings,
            snapshot: report.snapshot,
            compile: report.compile,
            cached: report.from_cache,
            other_build: report.other_build,
            tally: Tally::default(),
        }
    }
}
