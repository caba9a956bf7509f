//! The members of a JSON object as they are written. Knows nothing of what they mean.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use tidegate_text::pointer;

/// The members of an object, in their order, each value as it is written.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The members of a value, if it is an object.
    pub(crate) fn of(value: &'a RawValue) -> Option<Self> {
        serde_json::from_str(value.get()).ok()
    }

    /// The value at a JSON Pointer in a text, through objects and arrays. Nothing else of the text is kept in memory.
    pub(crate) fn at(text: &'a str, pointer: &str) -> Option<&'a RawValue> {
        let mut value: &RawValue = serde_json::from_str(text).ok()?;
        for name in pointer::names(pointer)? {
            value = if value.get().starts_with('[') {
                let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
                *items.get(name.parse::<usize>().ok()?)?
            } else {
                Self::of(value)?.find(&name)?
            };
        }
        Some(value)
    }

    /// The first member of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&'a RawValue> {
        let mut named = self.0.iter().filter(|(other, _)| other == name);
        named.next().map(|(_, value)| *value)
    }

    /// A name that is there twice.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
    }

    /// An object with all members but one.
    pub(crate) fn joined_without(&self, left_out: &str) -> Vec<u8> {
        let others = self.0.iter().filter(|(name, _)| name != left_out);
        let members: Vec<_> = others
            .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), value.get()))
            .collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
