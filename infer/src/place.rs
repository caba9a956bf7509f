//! A place in an event: the names of the members that lead to it, through objects; and what all events state there.

use serde_json::{Map, Value};
use tidegate_text::{number::is_plain_integer, pointer};

/// The deepest place of a name: `/meta/event/id`.
const DEPTH: usize = 3;

/// A place in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place(pub(crate) Vec<String>);

/// What all events state at a place.
#[derive(Debug)]
pub(crate) struct Column<'d> {
    pub(crate) place: Place,
    /// By event; absent: it has no such member, or an object, an array or null there.
    values: Vec<Option<&'d Value>>,
}

impl Place {
    pub(crate) fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The JSON Pointer.
    pub(crate) fn pointer(&self) -> String {
        let mut text = String::new();
        self.0.iter().for_each(|name| pointer::push(&mut text, name));
        text
    }

    /// The name of the member, in small letters and digits alone: `eventId` and `event_id` are one.
    pub(crate) fn word(&self) -> String {
        let name = self.0.last().map_or("", String::as_str);
        let plain = name.chars().filter(char::is_ascii_alphanumeric);
        plain.map(|char| char.to_ascii_lowercase()).collect()
    }

    /// How many objects it stands in, the event itself left out.
    pub(crate) fn depth(&self) -> usize {
        self.0.len() - 1
    }

    pub(crate) fn find<'d>(&self, document: &'d Value) -> Option<&'d Value> {
        self.0.iter().try_fold(document, |inside, name| inside.get(name))
    }

    /// Puts a value there, and the objects around it.
    pub(crate) fn set(&self, document: &mut Map<String, Value>, value: Value) {
        let Some((name, parents)) = self.0.split_last() else {
            return;
        };
        let mut inside = document;
        for parent in parents {
            let next = inside.entry(parent.as_str()).or_insert_with(|| Map::new().into());
            let Some(next) = next.as_object_mut() else { return };
            inside = next;
        }
        inside.insert(name.clone(), value);
    }
}

/// What events state, at each place of a scalar in any of them.
pub(crate) fn columns(documents: &[Value]) -> Vec<Column<'_>> {
    let mut places: indexmap::IndexSet<Vec<&str>> = indexmap::IndexSet::new();
    for document in documents {
        add_places(document, &mut Vec::new(), &mut places);
    }
    let column = |names: Vec<&str>| {
        let place = Place::of(&names);
        let is_scalar = |value: &&Value| !(value.is_object() || value.is_array() || value.is_null());
        let values = documents.iter().map(|document| place.find(document).filter(is_scalar));
        Column {
            values: values.collect(),
            place,
        }
    };
    places.into_iter().map(column).collect()
}

fn add_places<'d>(value: &'d Value, names: &mut Vec<&'d str>, places: &mut indexmap::IndexSet<Vec<&'d str>>) {
    match value {
        Value::Object(members) if names.len() < DEPTH => {
            for (name, value) in members {
                names.push(name);
                add_places(value, names, places);
                names.pop();
            }
        }
        Value::Object(_) | Value::Array(_) | Value::Null => {}
        _ if names.is_empty() || places.contains(names) => {}
        _ => {
            places.insert(names.clone());
        }
    }
}

impl<'d> Column<'d> {
    /// What each event states, as a policy takes a name: a text, or an integer by its digits. Nothing when an event states nothing, or
    /// something else.
    pub(crate) fn names(&self) -> Option<Vec<&'d str>> {
        self.values.iter().map(|value| name((*value)?)).collect()
    }

    /// The same for events that may state nothing.
    pub(crate) fn optional_names(&self) -> Option<Vec<Option<&'d str>>> {
        let named = self.values.iter().map(|value| value.map(name));
        named
            .map(|named| {
                if named == Some(None) {
                    None
                } else {
                    Some(named.flatten())
                }
            })
            .collect()
    }

    /// The texts that all events state.
    pub(crate) fn texts(&self) -> Option<Vec<&'d str>> {
        self.values.iter().map(|value| (*value)?.as_str()).collect()
    }
}

fn name(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.as_str()).filter(|digits| is_plain_integer(digits)),
        _ => None,
    }
}
