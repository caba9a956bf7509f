//! The policy in force. A generation is one loaded policy with its number; deliveries hold the one they began with.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tidegate_engine::Policy;

use crate::health::Health;

/// One loaded policy.
#[derive(Debug)]
pub struct Generation {
    /// Counts up from 1 with each policy that takes over.
    pub number: u64,
    /// The policy.
    pub policy: Policy,
    /// How it does.
    pub health: Health,
}

/// Holds the current generation, or none while no good policy was loaded.
#[derive(Debug, Default)]
pub struct Generations {
    current: ArcSwapOption<Generation>,
}

impl Generations {
    /// The generation that judges from now on. Hold it for the whole of a delivery.
    pub fn current(&self) -> Option<Arc<Generation>> {
        self.current.load_full()
    }

    /// Puts a policy in force.
    pub fn install(&self, policy: Policy) {
        let number = self
            .current
            .load()
            .as_ref()
            .map_or(1, |generation| generation.number + 1);
        self.current.store(Some(Arc::new(Generation {
            number,
            policy,
            health: Health::default(),
        })));
    }
}
