//! What was seen at one place of many events: which kinds of values, and what is in them. Judges nothing.

use indexmap::IndexMap;
use serde_json::Value;
use tidegate_text::number::is_plain_integer;

use crate::texts::Texts;

/// What was seen at one place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    pub(crate) count: usize,
    pub(crate) nulls: usize,
    pub(crate) booleans: usize,
    pub(crate) integers: usize,
    /// Numbers that are no integers.
    pub(crate) fractions: usize,
    pub(crate) texts: Texts,
    pub(crate) objects: Objects,
    pub(crate) arrays: usize,
    /// What was seen in arrays, at any position; absent: they were empty.
    pub(crate) items: Option<Box<Shape>>,
}

/// The objects that were seen at one place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Objects {
    pub(crate) count: usize,
    pub(crate) members: IndexMap<String, Shape>,
}

impl Objects {
    /// The names of the members that all of them have.
    pub(crate) fn in_all(&self) -> impl Iterator<Item = &str> {
        let in_all = self.members.iter().filter(|(_, shape)| shape.count == self.count);
        in_all.map(|(name, _)| name.as_str())
    }
}

impl Shape {
    pub(crate) fn see(&mut self, value: &Value) {
        self.count += 1;
        match value {
            Value::Null => self.nulls += 1,
            Value::Bool(_) => self.booleans += 1,
            Value::Number(number) if is_plain_integer(number.as_str()) => self.integers += 1,
            Value::Number(_) => self.fractions += 1,
            Value::String(text) => self.texts.see(text),
            Value::Array(items) => {
                self.arrays += 1;
                for item in items {
                    self.items.get_or_insert_default().see(item);
                }
            }
            Value::Object(members) => {
                self.objects.count += 1;
                for (name, value) in members {
                    if let Some(shape) = self.objects.members.get_mut(name) {
                        shape.see(value);
                    } else {
                        self.objects.members.entry(name.clone()).or_default().see(value);
                    }
                }
            }
        }
    }

    /// Adds what was seen at another place.
    pub(crate) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.nulls += other.nulls;
        self.booleans += other.booleans;
        self.integers += other.integers;
        self.fractions += other.fractions;
        self.texts.merge(&other.texts);
        self.arrays += other.arrays;
        if let Some(items) = other.items {
            self.items.get_or_insert_default().merge(*items);
        }
        self.objects.count += other.objects.count;
        for (name, shape) in other.objects.members {
            self.objects.members.entry(name).or_default().merge(shape);
        }
    }

    /// The kinds of values that are not null, as JSON Schema names them.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        [
            ("object", self.objects.count),
            ("array", self.arrays),
            ("string", self.texts.count()),
            ("number", self.integers + self.fractions),
            ("boolean", self.booleans),
        ]
        .into_iter()
        .filter_map(|(kind, count)| (count > 0).then_some(kind))
        .collect()
    }
}
