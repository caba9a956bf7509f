//! The part of a policy that is code: how versions migrate and which events follow from others. Holds no data of the
//! policy; that is the bundle.

use serde_json::{Map, Value};

use crate::occurrence;
use crate::steps::{STEPS, Step};

/// The code of a policy.
#[derive(Debug, Clone)]
pub struct Code {
    /// The steps between versions.
    pub steps: Vec<Step>,
    /// The events that follow from others.
    pub derivations: Vec<Derivation>,
}

/// Makes one event out of another that is forwarded.
#[derive(Debug, Clone, Copy)]
pub struct Derivation {
    /// The type of the event that it looks at.
    pub from: &'static str,
    /// Makes the event.
    pub derive: DeriveFn,
}

/// Looks at a valid event, in the version in which it leaves, with the time to judge by.
pub type DeriveFn = fn(event: &Map<String, Value>, now: &str) -> Derived;

/// What follows from an event.
#[derive(Debug, Clone)]
pub enum Derived {
    /// Nothing.
    Nothing,
    /// Nothing, though something should: why, for people.
    Omitted(&'static str),
    /// This event. It leaves on the channel of its type, with its `user_id` as the key, once it has been validated.
    Event(Map<String, Value>),
}

impl Code {
    /// The code of the builtin policy.
    pub fn builtin() -> Self {
        Self {
            steps: STEPS.to_vec(),
            derivations: vec![Derivation {
                from: "task.completed",
                derive: occurrence::next,
            }],
        }
    }

    /// Adds a step. Of several steps between the same versions the last one added is taken.
    #[must_use]
    pub fn with_step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}
