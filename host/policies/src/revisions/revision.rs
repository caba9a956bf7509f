//! One loaded policy, with what is known of how it does. Knows no other revision.

use std::sync::Arc;

use tidegate_engine::Policy;
use tidegate_model::{
    dead_letter::{BadTemplate, Template},
    revision::RevisionId,
};

use super::{
    bake::{Bake, RollbackReason},
    record::Record,
    tally::CallResult,
};
use crate::circuit_breaker::CircuitBreaker;

/// One loaded policy.
#[derive(Debug)]
pub struct Revision {
    /// Its record, which outlives its policy.
    pub record: Arc<Record>,
    /// The policy.
    pub policy: Policy,
    /// Open while the policy faults on most events.
    pub breaker: CircuitBreaker,
    /// The form of its dead letters, which is one of each policy that was admitted.
    pub template: Result<Template, BadTemplate>,
    bake: Option<Bake>,
}

impl Revision {
    pub(super) fn new(record: Record, policy: Policy, bake: Option<Bake>) -> Self {
        Self {
            record: Arc::new(record),
            template: Template::of(policy.catalog().dead_letters.template.as_deref()),
            policy,
            breaker: CircuitBreaker::default(),
            bake,
        }
    }

    /// Its number and digest.
    pub fn id(&self) -> &RevisionId {
        &self.record.id
    }

    /// Counts a decision or a fault, and returns the reason for a rollback when there is one.
    pub fn count(&self, result: CallResult) -> Option<RollbackReason> {
        self.record.tally.add(result);
        self.bake
            .as_ref()?
            .rollback_reason(self.record.tally.counts(), !self.breaker.is_closed())
    }

    /// Ends its bake period: a person chose it, or there is no revision to roll back to.
    pub fn accept(&self) {
        if let Some(bake) = &self.bake {
            bake.end();
        }
    }
}
