//! The steps between versions, one line for each pair and one function for each direction. A step sees the members of a
//! valid event and changes what differs between the two versions; `event_version` is set for it, the result is validated
//! after it. Knows nothing of paths, schemas or texts.

use serde_json::{Map, Value};

/// The steps of the builtin policy.
pub const STEPS: &[Step] = &[Step {
    older: "1.0",
    newer: "1.1",
    event_types: None,
    up: Some(add_new_field),
    down: Some(remove_new_field),
}];

/// How to get from one version to the next one and back.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The version on the older side.
    pub older: &'static str,
    /// The version on the newer side.
    pub newer: &'static str,
    /// The event types it is for; absent: all that have both versions.
    pub event_types: Option<&'static [&'static str]>,
    /// From older to newer; absent: there is no such way.
    pub up: Option<StepFn>,
    /// From newer to older; absent: there is no such way.
    pub down: Option<StepFn>,
}

/// Changes the members of an event from one version to another.
pub type StepFn = fn(&mut Map<String, Value>) -> Result<(), StepError>;

/// What a step cannot carry over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// JSON Pointer to the value that stands in the way.
    pub path: String,
    /// Why, for people; without values of the event.
    pub message: String,
}

/// The payload of an event. A valid event has one, so the error only says that a step was called with another value.
pub fn payload(event: &mut Map<String, Value>) -> Result<&mut Map<String, Value>, StepError> {
    event
        .get_mut("payload")
        .and_then(Value::as_object_mut)
        .ok_or_else(|| StepError {
            path: "/payload".to_owned(),
            message: "payload must be an object".to_owned(),
        })
}

/// 1.0 to 1.1: a payload without `new_field` gets one that is null; one that is there stays.
fn add_new_field(event: &mut Map<String, Value>) -> Result<(), StepError> {
    payload(event)?.entry("new_field").or_insert(Value::Null);
    Ok(())
}

/// 1.1 to 1.0: `new_field` goes, and the other members keep their order.
fn remove_new_field(event: &mut Map<String, Value>) -> Result<(), StepError> {
    payload(event)?.shift_remove("new_field");
    Ok(())
}
