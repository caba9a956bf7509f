//! Steps between versions that are code: one function for each direction. A step gets the members of a valid event and changes what
//! differs between the two versions. Its caller sets the version and validates the result. Knows nothing of paths, schemas or texts.

pub use serde_json::Value;

/// How to get from one version to the next one and back.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The version on the older side.
    pub older: &'static str,
    /// The version on the newer side.
    pub newer: &'static str,
    /// The event types it is for; absent: all that have both versions.
    pub event_types: Option<&'static [&'static str]>,
    /// From older to newer; absent: not possible.
    pub up: Option<StepFn>,
    /// From newer to older; absent: not possible.
    pub down: Option<StepFn>,
}

/// Changes the members of an event from one version to another.
pub type StepFn = fn(&mut Members) -> Result<(), StepError>;

/// The members of an object, in their order.
pub type Members = serde_json::Map<String, Value>;

/// What a step cannot carry over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// JSON Pointer to the value that cannot be carried over.
    pub path: String,
    /// Why, for people; without values of the event.
    pub message: String,
}

impl Step {
    /// A step in both directions, for all event types that have both versions.
    pub const fn new(older: &'static str, newer: &'static str, up: StepFn, down: StepFn) -> Self {
        Self {
            older,
            newer,
            event_types: None,
            up: Some(up),
            down: Some(down),
        }
    }
}

impl StepError {
    /// A value that cannot be carried over: where it is, as a JSON Pointer, and why, without values of the event.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// The payload of an event. A valid event has one, so it is missing only when a step was called with another value.
pub fn payload(event: &mut Members) -> Result<&mut Members, StepError> {
    let payload = event.get_mut("payload").and_then(Value::as_object_mut);
    payload.ok_or_else(|| StepError::new("/payload", "payload must be an object"))
}
