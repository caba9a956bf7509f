//! Events that are derived from others: the form of a function that derives one. Knows no event type.

use serde_json::{Map, Value};

/// Derives one event from another that is forwarded.
#[derive(Debug, Clone, Copy)]
pub struct Derivation {
    /// The type of the event from which it derives.
    pub from: &'static str,
    /// Derives the event.
    pub derive: DeriveFn,
}

/// Takes a valid event, in the version in which it leaves, and the time to judge by.
pub type DeriveFn = fn(event: &Map<String, Value>, now: &str) -> Derived;

/// What is derived from an event.
#[derive(Debug, Clone)]
pub enum Derived {
    /// Nothing.
    Nothing,
    /// This event. It leaves on the channel of its type, once it has been validated.
    Event(Map<String, Value>),
}
