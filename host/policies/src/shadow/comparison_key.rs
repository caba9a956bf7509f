//! The key of a comparison: which two policies are compared, and how many events were offered. A delivery uses this alone,
//! without a lock. Knows nothing of the results.

use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_engine::Digest;

/// The shadow policy and the revision that are compared.
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

    pub(super) fn matches(&self, shadow: &Digest, revision: u64) -> bool {
        self.revision == revision && self.shadow == *shadow
    }

    pub(super) fn count_seen(&self) {
        self.seen.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_skipped(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    pub(super) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }
}
