//! The answer of a policy for an event, in the form in which two policies are compared.

use tidegate_engine::{CallError, Decided};

use crate::{decision::Usable, output::Expected};

/// The answer of a policy for an event.
#[derive(Debug)]
pub enum Answer {
    /// A usable decision.
    Decided(Box<Usable>),
    /// A fault, and its kind as one word.
    Fault(&'static str),
}

impl Answer {
    /// What a policy decided, checked as a gate does.
    pub fn of(decided: Result<Decided, CallError>, expected: Expected<'_>) -> Self {
        match decided {
            Ok(decided) => match Usable::check(decided, expected) {
                Ok(decision) => Self::Decided(Box::new(decision)),
                Err(unusable) => Self::Fault(unusable.kind()),
            },
            Err(CallError::Fault(fault)) => Self::Fault(fault.kind.as_str()),
            Err(CallError::NotATime(_)) => Self::Fault("misuse"),
        }
    }

    /// The decision, if there is one.
    pub fn decided(&self) -> Option<&Usable> {
        match self {
            Self::Decided(decision) => Some(decision),
            Self::Fault(_) => None,
        }
    }

    /// Bytes that it keeps in memory, without parts of bounded size.
    pub(crate) fn bytes(&self) -> usize {
        let Self::Decided(decision) = self else { return 0 };
        let outputs = decision.outputs.iter();
        let outputs =
            outputs.map(|output| output.event.len() + output.key.as_ref().map_or(0, String::len) + output.id.len());
        let violations = decision.violations.iter();
        let violations = violations.map(|violation| violation.path.len() + violation.message.len());
        outputs.chain(violations).sum()
    }
}
