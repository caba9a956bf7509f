//! A place in an event: a JSON Pointer to a member, through objects. Knows how to find and to set such a member, and nothing of
//! what it means.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tidegate_text::{number::is_plain_integer, pointer};

use crate::contract::Violation;
use crate::violation::code;

/// A place in an event: a JSON Pointer (RFC 6901) to a member, through objects.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Place {
    pointer: String,
    /// The objects on the way.
    parents: Vec<String>,
    name: String,
}

/// A text that is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a place in an event: write a JSON Pointer to a member, such as /id or /meta/id")]
pub struct NotAPlace(String);

impl Place {
    /// The JSON Pointer.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The name of the member.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The objects on the way and the member, from the outside.
    pub(crate) fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        let parents = self.parents.iter().map(String::as_str);
        parents.chain([self.name()])
    }

    /// The value there.
    pub(crate) fn find<'v>(&self, members: &'v Map<String, Value>) -> Option<&'v Value> {
        let inner = self
            .parents
            .iter()
            .try_fold(members, |inside, parent| inside.get(parent)?.as_object());
        inner?.get(&self.name)
    }

    /// The name there, in an event: a string, or an integer by its digits.
    pub(crate) fn text<'v>(&self, event: &'v Value) -> Option<&'v str> {
        name(self.find(event.as_object()?)?)
    }

    /// Sets the value there: at its own position if it exists, else right after `neighbour` if that is in the same object,
    /// else at the end. Missing objects on the way are added. What is there instead of an object is a violation, and stays.
    pub(crate) fn set(
        &self,
        members: &mut Map<String, Value>,
        neighbour: &Self,
        value: Value,
    ) -> Result<(), Violation> {
        let mut inside = members;
        let mut pointer = String::new();
        for parent in &self.parents {
            pointer::push(&mut pointer, parent);
            let next = inside.entry(parent.as_str()).or_insert_with(|| Map::new().into());
            let Some(next) = next.as_object_mut() else {
                return Err(Violation::new(code::TYPE, pointer, "must be an object"));
            };
            inside = next;
        }
        if let Some(present) = inside.get_mut(&self.name) {
            *present = value;
            return Ok(());
        }
        let is_neighbour = |name: &String| self.parents == neighbour.parents && *name == neighbour.name;
        let at = inside.keys().position(is_neighbour).map_or(inside.len(), |at| at + 1);
        inside.shift_insert(at, self.name.clone(), value);
        Ok(())
    }

    /// The object that has the member, or should have it; `None`: an object on the way is absent. Fails with the pointer of what is
    /// there instead of an object.
    pub(crate) fn parent<'v>(
        &self,
        members: &'v mut Map<String, Value>,
    ) -> Result<Option<&'v mut Map<String, Value>>, String> {
        let mut inside = members;
        let mut pointer = String::new();
        for parent in &self.parents {
            pointer::push(&mut pointer, parent);
            match inside.get_mut(parent) {
                None => return Ok(None),
                Some(Value::Object(next)) => inside = next,
                Some(_) => return Err(pointer),
            }
        }
        Ok(Some(inside))
    }

    /// Takes the value out. Objects that it leaves empty stay.
    pub(crate) fn take(&self, members: &mut Map<String, Value>) -> Option<Value> {
        self.parent(members).ok()??.shift_remove(&self.name)
    }

    /// Removes the objects that it stands in, from the inside, as far as they are empty.
    pub(crate) fn remove_empty_parents(&self, members: &mut Map<String, Value>) {
        let mut parents = &self.parents[..];
        while let Some((name, around)) = parents.split_last() {
            let object = around
                .iter()
                .try_fold(&mut *members, |inside, parent| inside.get_mut(parent)?.as_object_mut());
            let Some(object) = object else { return };
            let is_empty = object.get(name).and_then(Value::as_object).is_some_and(Map::is_empty);
            if !is_empty {
                return;
            }
            object.shift_remove(name);
            parents = around;
        }
    }

    /// How many objects it stands in, the event itself left out.
    pub(crate) fn depth(&self) -> usize {
        self.parents.len()
    }

    /// Whether another place is a member of the same object.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        self.parents == other.parents
    }

    /// Whether another place is inside this one.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        let inside = other.pointer.strip_prefix(&self.pointer);
        inside.is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The name that a value states: a string, or an integer by its digits.
pub(crate) fn name(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.as_str()).filter(|digits| is_plain_integer(digits)),
        _ => None,
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.pointer
    }
}

impl TryFrom<String> for Place {
    type Error = NotAPlace;

    fn try_from(pointer: String) -> Result<Self, NotAPlace> {
        let mut parents = pointer::names(&pointer).unwrap_or_default();
        match parents.pop() {
            Some(name) => Ok(Self { pointer, parents, name }),
            None => Err(NotAPlace(pointer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::Place;

    fn place(pointer: &str) -> Place {
        pointer.to_owned().try_into().expect("a place")
    }

    fn members(json: &str) -> Map<String, Value> {
        serde_json::from_str(json).expect("an object")
    }

    #[test]
    fn a_member_is_found_through_objects_only() {
        let event = Value::Object(members(r#"{"meta":{"a/b":"one","list":["two"]},"id":"three"}"#));
        for (pointer, expected) in [
            ("/meta/a~1b", Some("one")),
            ("/id", Some("three")),
            ("/meta/list/0", None),
            ("/id/more", None),
            ("/none", None),
            ("/none/id", None),
        ] {
            assert_eq!(place(pointer).text(&event), expected, "{pointer}");
        }
    }

    #[test]
    fn a_member_is_set_where_it_is_or_after_its_neighbour_or_last() {
        for (event, expected) in [
            (r#"{"v":1,"t":"a"}"#, r#"{"v":2,"t":"a"}"#),
            (r#"{"t":"a","z":0}"#, r#"{"t":"a","v":2,"z":0}"#),
            (r#"{"z":0}"#, r#"{"z":0,"v":2}"#),
        ] {
            let mut event = members(event);
            place("/v").set(&mut event, &place("/t"), 2.into()).expect("set");
            assert_eq!(Value::Object(event).to_string(), expected);
        }
        for (event, expected) in [
            (r#"{"meta":{"t":"a","z":0}}"#, r#"{"meta":{"t":"a","v":2,"z":0}}"#),
            (r#"{"t":"a"}"#, r#"{"t":"a","meta":{"v":2}}"#),
        ] {
            let mut event = members(event);
            let set = place("/meta/v").set(&mut event, &place("/meta/t"), 2.into());
            set.expect("set");
            assert_eq!(Value::Object(event).to_string(), expected);
        }
        let mut event = members(r#"{"a":{"b/c":[]}}"#);
        let blocked = place("/a/b~1c/v").set(&mut event, &place("/t"), 2.into());
        let blocked = blocked.expect_err("an array");
        assert_eq!((&*blocked.code, &*blocked.path), ("type", "/a/b~1c"));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for wrong in ["", "id", "/a~2"] {
            let error = Place::try_from(wrong.to_owned()).expect_err("no place");
            assert!(
                error.to_string().starts_with(&format!("{wrong:?} is not a place")),
                "{error}"
            );
        }
    }
}
