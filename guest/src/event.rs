//! A valid event: its members, its type and its version. Knows how to read members and how to write the event, not how to
//! judge it.

use serde_json::{Map, Value};

use crate::known::{KnownType, KnownVersion};

/// The version that an absent `event_version` stands for.
pub(crate) const DEFAULT_VERSION: &str = "1.0";

/// A valid event.
#[derive(Debug)]
pub(crate) struct Event<'p> {
    /// The object; always a `Value::Object`.
    pub(crate) value: Value,
    /// Its type.
    pub(crate) kind: &'p KnownType,
    /// The index of its version among those of its type.
    pub(crate) version: usize,
}

impl<'p> Event<'p> {
    /// The text of a string member; empty when it is absent, which validation has ruled out for the required ones.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.value.get(name).and_then(Value::as_str).unwrap_or_default()
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

/// Sets a member: at its own position if it exists, else right after `neighbour`, else at the end.
pub(crate) fn set_after(members: &mut Map<String, Value>, neighbour: &str, name: &str, value: Value) {
    if let Some(present) = members.get_mut(name) {
        *present = value;
        return;
    }
    let at = members
        .keys()
        .position(|key| key == neighbour)
        .map_or(members.len(), |at| at + 1);
    members.shift_insert(at, name.to_owned(), value);
}
