//! The part of a policy that is code: how versions migrate, which rules hold, and which events follow from others. Holds no data of the
//! policy; that is the bundle.

use crate::derivation::Derivation;
use crate::rules::Rule;
use crate::steps::Step;

/// The code of a policy.
#[derive(Debug, Clone, Default)]
pub struct Code {
    /// The steps between versions.
    pub steps: Vec<Step>,
    /// What must be true of an event, beside its schema.
    pub rules: Vec<Rule>,
    /// The events that follow from others.
    pub derivations: Vec<Derivation>,
}

impl Code {
    /// Adds a step. Of several steps between the same versions, the last one added is used.
    #[must_use]
    pub fn with_step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}
