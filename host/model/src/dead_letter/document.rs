//! The document of an event whose policy is not asked: the event as it looks bare. Its own members come first, then the attributes
//! that stand for members. Knows of a policy what its catalog says of places.

use serde_json::Value;
use tidegate_engine::{CloudEvents, PolicyCatalog};
use tidegate_text::number::is_plain_integer;

use crate::{attributes::Attributes, members::Members};

/// Bytes of the longest scalar that is read: longer ones are no names, and a dead letter has all of the event anyway.
const LONGEST: usize = 1024;

/// The document of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'a> {
    event: &'a [u8],
    attributes: &'a Attributes,
    cloud_events: &'a CloudEvents,
    /// Where the event stands in it; empty: it is the event.
    payload: &'a str,
}

impl<'a> Document<'a> {
    pub(super) fn of(event: &'a [u8], attributes: &'a Attributes, catalog: &'a PolicyCatalog) -> Self {
        let cloud_events = &catalog.cloud_events;
        let mut mapped = cloud_events.attributes.iter();
        let states_type =
            mapped.any(|mapped| mapped.place == catalog.envelope.event_type && attributes.get(&mapped.name).is_some());
        let payload = cloud_events.payload.as_deref().filter(|_| states_type);
        Self {
            event,
            attributes,
            cloud_events,
            payload: payload.unwrap_or_default(),
        }
    }

    /// The scalar at a JSON Pointer; `None`: there is none, or a long one.
    pub(super) fn scalar(&self, pointer: &str) -> Option<Value> {
        self.member(pointer).or_else(|| self.attribute(pointer))
    }

    /// The name at a JSON Pointer: a string, or an integer by its digits.
    pub(super) fn name(&self, pointer: &str) -> Option<String> {
        match self.scalar(pointer)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()).filter(|digits| is_plain_integer(digits)),
            _ => None,
        }
    }

    fn member(&self, pointer: &str) -> Option<Value> {
        let inside = pointer.strip_prefix(self.payload)?;
        let text = std::str::from_utf8(self.event).ok()?;
        let value = Members::at(text, inside)?.get();
        let is_short_scalar = value.len() <= LONGEST && !value.starts_with(['{', '[']);
        is_short_scalar.then(|| serde_json::from_str(value).ok())?
    }

    fn attribute(&self, pointer: &str) -> Option<Value> {
        let mapped = self
            .cloud_events
            .attributes
            .iter()
            .find(|mapped| mapped.place == pointer)?;
        let text = self.attributes.get(&mapped.name)?;
        (text.len() <= LONGEST).then(|| text.into())
    }
}
