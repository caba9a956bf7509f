//! What a policy answers for an event, in the form in which two policies are compared.

use crate::decision::Usable;

/// What a policy answers for an event.
#[derive(Debug)]
pub enum Answer {
    /// A decision that the gate can act on.
    Decided(Usable),
    /// A fault, and its kind as one word.
    Fault(&'static str),
}

impl Answer {
    /// The decision, when there is one.
    pub(super) fn decided(&self) -> Option<&Usable> {
        match self {
            Self::Decided(decision) => Some(decision),
            Self::Fault(_) => None,
        }
    }

    /// Bytes that it keeps in memory, as far as an event can make them many.
    pub(super) fn bytes(&self) -> usize {
        let Self::Decided(decision) = self else { return 0 };
        let outputs = decision.outputs.iter();
        let outputs = outputs.map(|output| output.event.len() + output.key.len() + output.id.len());
        let violations = decision.violations.iter();
        let violations = violations.map(|violation| violation.path.len() + violation.message.len());
        outputs.chain(violations).sum()
    }
}
