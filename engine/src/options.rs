//! What a program chooses about the policies it runs: bounds, isolation, where compiled code is kept.

use std::{path::PathBuf, time::Duration};

/// How an [`crate::Engine`] runs policies.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bounds of every call.
    pub limits: Limits,
    /// What one call may leave behind for the next.
    pub isolation: Isolation,
    /// Calls that may run at the same time; more wait. Each reserves address space for `limits.memory_bytes`.
    pub max_concurrent_calls: u32,
    /// Where compiled policies are kept; `None`: compile at each load. The directory is made private to the user. One
    /// that others can write to is not used, since it holds native code, and neither is one that cannot be written.
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

/// Bounds of one policy call. What goes beyond them is a [`crate::Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time that a call may spend running, waiting for its permit not counted; twenty times as much for a dead letter.
    pub deadline: Duration,
    /// Linear memory of the instance, in bytes.
    pub memory_bytes: usize,
    /// Everything that a call gives back, in bytes.
    pub output_bytes: usize,
}

/// How much longer than another call the making of a dead letter may take: it is the last resort of an event, and takes
/// originals far larger than a valid event.
const LAST_RESORT: u32 = 20;
/// How much more memory it may take: where judging an event runs out of memory, its dead letter must not.
pub(crate) const LAST_RESORT_MEMORY: usize = 2;

impl Limits {
    /// Time that a call of this function may spend running.
    pub(crate) fn deadline_of(&self, function: &str) -> Duration {
        match function {
            "dead-letter" => self.deadline.saturating_mul(LAST_RESORT),
            _ => self.deadline,
        }
    }

    /// Memory that a call of this function may take.
    pub(crate) fn memory_of(&self, function: &str) -> usize {
        match function {
            "dead-letter" => self.memory_bytes.saturating_mul(LAST_RESORT_MEMORY),
            _ => self.memory_bytes,
        }
    }

    /// Time after which a call is given up even when it does not run: long enough for a permit on a busy machine.
    pub(crate) fn wall_clock_of(&self, function: &str) -> Duration {
        self.deadline_of(function)
            .saturating_mul(10)
            .max(Duration::from_secs(5))
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
    /// Instances are used again after a clean call. Faster, and a policy that keeps state can carry it over.
    Reuse,
}
