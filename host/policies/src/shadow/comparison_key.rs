//! Which two policies are compared, and how many events were offered since: what a delivery touches, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_engine::Digest;

/// A shadow policy and a revision.
#[derive(Debug)]
pub(super) struct ComparisonKey {
    shadow: Digest,
    revision: u64,
    seen: AtomicU64,
    skipped: AtomicU64,
}

impl ComparisonKey {
    pub(super) fn new(shadow: &Digest, revision: u64) -> Self {
        Self {
            shadow: shadow.clone(),
            revision,
            seen: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
        }
    }

    pub(super) fn is_of(&self, shadow: &Digest, revision: u64) -> bool {
        self.revision == revision && self.shadow == *shadow
    }

    pub(super) fn see(&self) {
        self.seen.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn skip(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    pub(super) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }
}
