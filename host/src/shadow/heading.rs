//! Which two policies are compared, and how many events were offered since: what a delivery touches, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_engine::Digest;

/// A candidate and a generation.
#[derive(Debug)]
pub(super) struct Heading {
    candidate: Digest,
    generation: u64,
    seen: AtomicU64,
    passed_over: AtomicU64,
}

impl Heading {
    pub(super) fn new(candidate: &Digest, generation: u64) -> Self {
        Self {
            candidate: candidate.clone(),
            generation,
            seen: AtomicU64::new(0),
            passed_over: AtomicU64::new(0),
        }
    }

    pub(super) fn is_of(&self, candidate: &Digest, generation: u64) -> bool {
        self.generation == generation && self.candidate == *candidate
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
