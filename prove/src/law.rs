//! What an event must still be after it went to another version and back: the same members and values, digits as they were written,
//! and the members that no operation names in their order. Compares, and knows no policy.

use std::{collections::HashSet, fmt};

use serde_json::{Map, Value};
use tidegate_policy::{Migration, Operation};
use tidegate_text::pointer;

/// The first difference between what an event was and what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// JSON Pointer to it.
    pub(crate) path: String,
    pub(crate) what: What,
}

/// How they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Missing,
    Extra,
    Changed,
    Order,
}

/// The places that a migration names. An item of an array is `*`.
#[derive(Debug, Default)]
pub(crate) struct Named {
    places: HashSet<Vec<String>>,
}

impl Named {
    pub(crate) fn of(migration: &Migration) -> Self {
        let mut named = Self::default();
        named.add(&migration.operations, &[]);
        named
    }

    fn add(&mut self, operations: &[Operation], around: &[String]) {
        for operation in operations {
            for place in places(operation) {
                self.places.insert(under(around, place));
            }
            if let Operation::Each(within) | Operation::Nested(within) = operation {
                let mut inside = under(around, within.at.pointer());
                if matches!(operation, Operation::Each(_)) {
                    inside.push("*".to_owned());
                }
                self.add(&within.operations, &inside);
            }
        }
    }
}

/// The places that an operation names itself.
pub(crate) fn places(operation: &Operation) -> Vec<&str> {
    match operation {
        Operation::Add(add) => vec![add.at.pointer()],
        Operation::Remove(remove) => vec![remove.at.pointer()],
        Operation::Rename(rename) => vec![rename.from.pointer(), rename.to.pointer()],
        Operation::Move(place) => vec![place.from.pointer(), place.to.pointer()],
        Operation::Set(set) => vec![set.at.pointer()],
        Operation::Map(map) => vec![map.at.pointer()],
        Operation::Convert(conversion) => vec![conversion.at.pointer()],
        Operation::Wrap(wrap) | Operation::Unwrap(wrap) => vec![wrap.at.pointer()],
        Operation::Each(within) | Operation::Nested(within) => vec![within.at.pointer()],
    }
}

fn under(around: &[String], place: &str) -> Vec<String> {
    let inside = pointer::names(place).unwrap_or_default();
    around.iter().cloned().chain(inside).collect()
}

/// How `found` differs from `expected`.
pub(crate) fn difference(expected: &Value, found: &Value, named: &Named) -> Option<Difference> {
    compare(expected, found, named, &mut Vec::new(), "")
}

fn compare(expected: &Value, found: &Value, named: &Named, at: &mut Vec<String>, path: &str) -> Option<Difference> {
    let differ = |path: &str, what| {
        Some(Difference {
            path: path.to_owned(),
            what,
        })
    };
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, value) in expected {
                let path = step(path, name);
                let Some(other) = found.get(name) else {
                    return differ(&path, What::Missing);
                };
                let inside = inside(at, name, |at| compare(value, other, named, at, &path));
                if inside.is_some() {
                    return inside;
                }
            }
            if let Some(extra) = found.keys().find(|name| !expected.contains_key(*name)) {
                return differ(&step(path, extra), What::Extra);
            }
            let order = |members: &Map<String, Value>| -> Vec<String> {
                let is_free = |name: &&String| !named.places.contains(&under(at, &step("", name)));
                members.keys().filter(is_free).cloned().collect()
            };
            if order(expected) == order(found) {
                None
            } else {
                differ(path, What::Order)
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.find_map(|(index, (value, other))| {
                let path = step(path, &index.to_string());
                inside(at, "*", |at| compare(value, other, named, at, &path))
            })
        }
        _ if expected == found => None,
        _ => differ(path, What::Changed),
    }
}

fn inside<T>(at: &mut Vec<String>, name: &str, within: impl FnOnce(&mut Vec<String>) -> T) -> T {
    at.push(name.to_owned());
    let found = within(at);
    at.pop();
    found
}

fn step(path: &str, name: &str) -> String {
    let mut path = path.to_owned();
    pointer::push(&mut path, name);
    path
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the event" } else { &self.path };
        match self.what {
            What::Missing => write!(f, "{path} is missing"),
            What::Extra => write!(f, "{path} was not there before"),
            What::Changed => write!(f, "{path} has another value"),
            What::Order => write!(f, "the members of {path} have another order"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Named, difference};

    #[test]
    fn what_differs_is_told() {
        let migration = serde_json::from_str(
            r#"{ "from": "1", "to": "2", "do": [{ "each": { "at": "/l", "do": [{ "rename": { "from": "/a", "to": "/b" } }] } }] }"#,
        );
        let named = Named::of(&migration.expect("a migration"));
        for (expected, found, told) in [
            (r#"{"a":1}"#, r#"{"a":1}"#, None),
            (r#"{"a":1.10}"#, r#"{"a":1.1}"#, Some("/a has another value")),
            (r#"{"a":1}"#, "{}", Some("/a is missing")),
            ("{}", r#"{"a/b":1}"#, Some("/a~1b was not there before")),
            (
                r#"{"a":1,"c":2}"#,
                r#"{"c":2,"a":1}"#,
                Some("the members of the event have another order"),
            ),
            (r#"{"l":[{"a":1,"c":2}]}"#, r#"{"l":[{"c":2,"a":1}]}"#, None),
        ] {
            let read = |text| tidegate_policy::read_exact(text).expect("JSON");
            let found = difference(&read(expected), &read(found), &named);
            assert_eq!(found.map(|found| found.to_string()).as_deref(), told, "{expected}");
        }
    }
}
