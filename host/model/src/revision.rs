//! The names of revisions, as outputs, records and logs have them. Knows no policy.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One loaded policy. Its digest names it everywhere; its number is for the log of one gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionId {
    /// Counts up from 1 with each policy that a process loads.
    pub number: u64,
    /// SHA-256 of the policy's file, such as `sha256:9f86d0…`.
    pub digest: String,
}

/// A rollback: which revision was replaced by which earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolledBack {
    /// The revision that was rolled back.
    pub from: RevisionId,
    /// The revision that decides now.
    pub to: RevisionId,
    /// Why, in one line.
    pub why: String,
}

impl RevisionId {
    /// The first twelve digits of the digest, such as `sha256:9f86d081884c`: enough for people.
    pub fn short(&self) -> &str {
        self.digest.get(..19).unwrap_or(&self.digest)
    }
}

/// The short digest.
impl fmt::Display for RevisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}
