//! Events that follow from others: what a function that derives one takes and gives. Knows no event type.

use serde_json::{Map, Value};

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
