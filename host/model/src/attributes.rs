//! CloudEvents attributes of an event. Policies see them as texts; in an envelope a number stays a number. Knows no envelope.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use tidegate_engine::{Attribute, Change};
use tidegate_text::{cut, number::is_plain_integer};

/// Members of an envelope that are no attributes, and the one that dead letters are read by.
const RESERVED: [&str; 4] = ["specversion", "data", "data_base64", "dlq_metadata"];

/// The most attributes of an event, and the most bytes of them: what CloudEvents asks everyone to pass on.
const MOST: usize = 256;
const MOST_BYTES: usize = 64 << 10;

/// Characters of the longest name.
const LONGEST_NAME: usize = 64;

/// Why members of an envelope cannot be attributes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAttributes {
    /// No attribute can have this name.
    #[error(
        "no attribute can have the name {0:?}: 1 to {LONGEST_NAME} letters, digits, `_` and `-`, and no reserved name"
    )]
    Name(String),
    /// It is an object or an array.
    #[error("the attribute {0} is neither a text nor a number nor a boolean")]
    Value(String),
    /// There are too many.
    #[error("it has {0} attributes, and {MOST} are passed on")]
    TooMany(usize),
    /// They are too long.
    #[error("its attributes have {0} bytes, and {MOST_BYTES} are passed on")]
    TooLong(usize),
}

/// Whether an attribute can have this name: letters, digits, `_` and `-`. CloudEvents allows less, and producers use more.
pub fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_plain) && !RESERVED.contains(&name)
}

/// The attributes of an event, in their order. A bare event has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes(IndexMap<String, Value>);

impl Attributes {
    /// Of members of a CloudEvent in the JSON format. Null is absent.
    pub fn of(members: impl IntoIterator<Item = (String, Value)>) -> Result<Self, BadAttributes> {
        let attributes: Self = Self(members.into_iter().filter(|(_, value)| !value.is_null()).collect());
        for (name, value) in attributes.iter() {
            if !is_name(name) {
                return Err(BadAttributes::Name(cut::bytes(name, LONGEST_NAME).to_owned()));
            }
            if !is_attribute(name, value) {
                return Err(BadAttributes::Value(name.to_owned()));
            }
        }
        match (attributes.0.len(), attributes.bytes()) {
            (count, _) if count > MOST => Err(BadAttributes::TooMany(count)),
            (_, bytes) if bytes > MOST_BYTES => Err(BadAttributes::TooLong(bytes)),
            _ => Ok(attributes),
        }
    }

    /// Only what can be an attribute: for those that others have written.
    #[must_use]
    pub fn checked(mut self) -> Self {
        self.0.retain(|name, value| is_attribute(name, value));
        self
    }

    /// Bytes that it keeps in memory, roughly.
    pub fn bytes(&self) -> usize {
        let bytes = |(name, value): (&String, &Value)| name.len() + value.as_str().map_or(8, str::len);
        self.0.iter().map(bytes).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// The text of one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// One in the canonical text of CloudEvents.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(canonical)
    }

    /// Without one, which is returned.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// Only those that a function accepts by name.
    #[must_use]
    pub fn keep(mut self, mut accepts: impl FnMut(&str) -> bool) -> Self {
        self.0.retain(|name, _| accepts(name));
        self
    }

    /// In the canonical text of CloudEvents, as a policy sees them.
    pub fn canonical(&self) -> Vec<Attribute> {
        let attribute = |(name, value): (&String, &Value)| Attribute {
            name: name.clone(),
            value: canonical(value),
        };
        self.0.iter().map(attribute).collect()
    }

    /// With the changes of a policy. What was a number or a boolean and is changed to one stays one.
    #[must_use]
    pub fn changed(mut self, changes: &[Change]) -> Self {
        for Change { name, value } in changes {
            let Some(text) = value else {
                self.0.shift_remove(name);
                continue;
            };
            let value = match (self.0.get(name), &**text) {
                (Some(Value::Number(_)), digits) if is_plain_integer(digits) => {
                    Value::Number(Number::from_string_unchecked(text.clone()))
                }
                (Some(Value::Bool(_)), "true" | "false") => Value::Bool(text == "true"),
                _ => Value::String(text.clone()),
            };
            self.0.insert(name.clone(), value);
        }
        self
    }
}

fn is_attribute(name: &str, value: &Value) -> bool {
    is_name(name) && !value.is_array() && !value.is_object() && !value.is_null()
}

fn canonical(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tidegate_engine::Change;

    use super::{Attributes, BadAttributes};

    fn of(members: serde_json::Value) -> Result<Attributes, BadAttributes> {
        let serde_json::Value::Object(members) = members else {
            panic!("an object")
        };
        Attributes::of(members)
    }

    #[test]
    fn a_policy_sees_texts_and_an_envelope_keeps_numbers() {
        let attributes = of(json!({"id": "1", "n": 7, "flag": true, "none": null})).expect("scalars");
        let texts: Vec<_> = attributes
            .canonical()
            .into_iter()
            .map(|one| (one.name, one.value))
            .collect();
        let expected =
            [("id", "1"), ("n", "7"), ("flag", "true")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(texts, expected);
        let change = |name: &str, value: Option<&str>| Change {
            name: name.to_owned(),
            value: value.map(str::to_owned),
        };
        let changes = [change("n", Some("8")), change("flag", None), change("new", Some("9"))];
        let written = serde_json::to_string(&attributes.changed(&changes)).expect("JSON");
        assert_eq!(written, r#"{"id":"1","n":8,"new":"9"}"#);
        for wrong in [
            json!({"a": []}),
            json!({"a": {}}),
            json!({"data": 1}),
            json!({"a b": 1}),
            json!({"": 1}),
            json!({"a": "x".repeat(70_000)}),
        ] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
