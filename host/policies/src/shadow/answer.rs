//! The answer of a policy for an event, in the form in which two policies are compared. Knows no policy.

use crate::decision::Usable;

/// The answer of a policy for an event.
#[derive(Debug)]
pub enum Answer {
    /// A usable decision.
    Decided(Box<Usable>),
    /// A fault, and its kind as one word.
    Fault(&'static str),
}

impl Answer {
    /// The decision, if there is one.
    pub(super) fn decided(&self) -> Option<&Usable> {
        match self {
            Self::Decided(decision) => Some(decision),
            Self::Fault(_) => None,
        }
    }

    /// Bytes that it keeps in memory, without parts of bounded size.
    pub(super) fn bytes(&self) -> usize {
        let Self::Decided(decision) = self else { return 0 };
        let outputs = decision.outputs.iter();
        let outputs =
            outputs.map(|output| output.event.len() + output.key.as_ref().map_or(0, String::len) + output.id.len());
        let violations = decision.violations.iter();
        let violations = violations.map(|violation| violation.path.len() + violation.message.len());
        outputs.chain(violations).sum()
    }
}
