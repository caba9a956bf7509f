//! A sample event, as it came: the event itself, and the attributes around it.

use serde_json::Value;

use crate::error::InferError;

/// A sample event.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The line it stands in, from 1.
    pub line: usize,
    /// The event; of a CloudEvent, its data.
    pub event: Value,
    /// The attributes of a CloudEvent in their canonical text; none for a bare event.
    pub attributes: Vec<(String, String)>,
}

impl Sample {
    /// A sample from the bytes of an event, and its attributes.
    pub fn new(line: usize, event: &[u8], attributes: Vec<(String, String)>) -> Result<Self, InferError> {
        let is_bare = attributes.is_empty();
        match serde_json::from_slice(event) {
            Ok(event @ Value::Object(_)) => Ok(Self {
                line,
                event,
                attributes,
            }),
            Ok(event) if !is_bare => Ok(Self {
                line,
                event,
                attributes,
            }),
            Err(_) if !is_bare => Err(InferError::NotJson { line }),
            _ => Err(InferError::NoObject { line }),
        }
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let named = self.attributes.iter().find(|(other, _)| other == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Whether it came bare.
    pub(crate) fn is_bare(&self) -> bool {
        self.attributes.is_empty()
    }
}
