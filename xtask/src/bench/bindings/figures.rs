//! The figures of one language.

use serde::Deserialize;

/// What a benchmark prints.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Figures {
    /// Microseconds for an event that is valid.
    pub(super) valid_us: f64,
    /// Microseconds for one that is not.
    pub(super) invalid_us: f64,
    /// Milliseconds to load a policy that is compiled.
    pub(super) load_cold_ms: f64,
    /// Milliseconds to load one from the cache.
    pub(super) load_warm_ms: f64,
    /// MiB that a loaded policy adds to the process.
    pub(super) memory_mib: f64,
    /// `None` where there is no package.
    pub(super) package_bytes: Option<u64>,
}
