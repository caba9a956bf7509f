//! A valid event: its members, its type and its version. Knows how to read members and how to write the event, not how to
//! judge it.

use serde_json::{Map, Value};

use crate::known::{KnownType, KnownVersion};
use crate::place::Place;
use crate::policy::Policy;

/// A valid event.
#[derive(Debug)]
pub(crate) struct Event<'p> {
    /// The policy that judged it.
    pub(crate) policy: &'p Policy,
    /// The object; always a `Value::Object`.
    pub(crate) value: Value,
    /// Its type.
    pub(crate) kind: &'p KnownType,
    /// The index of its version among those of its type.
    pub(crate) version: usize,
}

impl<'p> Event<'p> {
    /// Its id.
    pub(crate) fn id(&self) -> &str {
        self.text(&self.policy.envelope.id)
    }

    /// Its partition key.
    pub(crate) fn key(&self) -> &str {
        self.text(&self.policy.envelope.key)
    }

    /// What a judged event states there: judging rules out that it is absent.
    fn text(&self, place: &Place) -> &str {
        place.text(&self.value).unwrap_or_default()
    }

    /// Its version.
    pub(crate) fn known_version(&self) -> &'p KnownVersion {
        &self.kind.versions[self.version]
    }

    /// Its members, to change them.
    pub(crate) fn members(&mut self) -> Option<&mut Map<String, Value>> {
        self.value.as_object_mut()
    }

    /// Its compact text. `serde_json::to_string` takes half the time of `Value`'s own `to_string`, and cannot fail for a value
    /// with string keys.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(&self.value).unwrap_or_else(|_| self.value.to_string())
    }
}
