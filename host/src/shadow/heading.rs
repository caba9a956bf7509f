//! Which two policies are compared, and how many events were offered since: what a delivery touches, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_engine::Digest;

/// A candidate and a revision.
#[derive(Debug)]
pub(super) struct Heading {
    candidate: Digest,
    revision: u64,
    seen: AtomicU64,
    passed_over: AtomicU64,
}

impl Heading {
    pub(super) fn new(candidate: &Digest, revision: u64) -> Self {
        Self {
            candidate: candidate.clone(),
            revision,
            seen: AtomicU64::new(0),
            passed_over: AtomicU64::new(0),
        }
    }

    pub(super) fn is_of(&self, candidate: &Digest, revision: u64) -> bool {
        self.revision == revision && self.candidate == *candidate
    }

    pub(super) fn see(&self) {
        self.seen.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn pass_over(&self) {
        self.passed_over.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    pub(super) fn passed_over(&self) -> u64 {
        self.passed_over.load(Ordering::Relaxed)
    }
}
