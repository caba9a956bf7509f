//! How much an evaluation may do. A step is a visit of a node, an element or a few bytes; the count depends on the expression and the
//! values alone, so that every machine stops at the same place.

use crate::error::Stop;

/// The steps that are left. Several evaluations may share one budget.
#[derive(Debug, Clone)]
pub struct Budget {
    left: u64,
}

impl Budget {
    /// The steps of the default budget.
    pub const DEFAULT_STEPS: u64 = 1_000_000;

    /// A budget of so many steps.
    pub const fn new(steps: u64) -> Self {
        Self { left: steps }
    }

    /// The steps that are left.
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// Takes steps. When there are too few, none are left.
    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), Stop> {
        if let Some(left) = self.left.checked_sub(steps) {
            self.left = left;
            return Ok(());
        }
        self.left = 0;
        Err(Stop::Cost)
    }

    /// Takes the steps of reading so many bytes.
    pub(crate) fn read(&mut self, bytes: usize) -> Result<(), Stop> {
        self.spend(bytes as u64 / 32)
    }

    /// Takes the steps of writing so many bytes, before they are.
    pub(crate) fn write(&mut self, bytes: u64) -> Result<(), Stop> {
        self.spend(1 + bytes / 16)
    }

    /// Takes the steps of a list or a map of so many elements, before it is made.
    pub(crate) fn allocate(&mut self, elements: usize) -> Result<(), Stop> {
        self.spend((elements as u64).saturating_mul(4))
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Self::DEFAULT_STEPS)
    }
}
