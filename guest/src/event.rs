//! An event that has been read and found valid: its members, its type and its version. Knows how to look at it and how to
//! write it, not how to judge it.

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
    /// Where in the type's versions its version is.
    pub(crate) version: usize,
}

impl<'p> Event<'p> {
    /// The text of a string member; empty when there is none, which validation has ruled out for the required ones.
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

    /// Its compact text. Written by `serde_json::to_string`, since `Value`'s own `to_string` takes twice as long; a value
    /// with string keys can always be written.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(&self.value).unwrap_or_else(|_| self.value.to_string())
    }
}

/// Sets a member: in its place when it is there, else right after `neighbour`, else at the end.
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
