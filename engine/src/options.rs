//! What a program chooses for the policies that it runs: limits, isolation, the cache directory. Knows no policy.

use std::{path::PathBuf, time::Duration};

/// How an [`crate::Engine`] runs policies.
#[derive(Debug, Clone)]
pub struct Options {
    /// Limits of every call.
    pub limits: Limits,
    /// What one call may leave behind for the next.
    pub isolation: Isolation,
    /// The concurrency limit: how many calls may run at the same time; others wait. Each reserves address space for
    /// `limits.memory_bytes`.
    pub max_concurrent_calls: u32,
    /// Where compiled policies are cached; `None`: compile at each load. A new directory is created private to the user. A
    /// directory that other users can write to is not used, since it holds native code. Nor is a read-only one.
    pub cache_dir: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            isolation: Isolation::Fresh,
            max_concurrent_calls: 64,
            cache_dir: None,
        }
    }
}

/// Limits of one policy call. A call that exceeds one ends as a [`crate::Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a call may run; waiting for a permit does not count. Twenty times as long for a dead letter.
    pub deadline: Duration,
    /// Linear memory of the instance, in bytes.
    pub memory_bytes: usize,
    /// Everything that a call returns, in bytes.
    pub output_bytes: usize,
}

impl Limits {
    /// When a call is abandoned although it has not used up its deadline: long enough for a busy machine.
    pub(crate) fn wall_clock(&self) -> Duration {
        self.deadline.saturating_mul(10).max(Duration::from_secs(5))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_millis(100),
            memory_bytes: 64 << 20,
            output_bytes: 16 << 20,
        }
    }
}

/// What one call may leave behind for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// Nothing: every call starts from the snapshot.
    #[default]
    Fresh,
    /// Instances are reused after a call that ended normally. This is faster, and a policy can carry state over.
    Reuse,
}
