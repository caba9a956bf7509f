//! CloudEvents attributes of an event. Policies see them as texts; in an envelope a number stays a number. Knows no envelope.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use tidegate_engine::{Attribute, Change};
use tidegate_text::number::is_plain_integer;

/// The attributes of an event, in their order. A bare event has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes(IndexMap<String, Value>);

impl Attributes {
    /// Of members of a CloudEvent in the JSON format; `None`: one is neither a string nor a number nor a boolean. Null is absent.
    pub fn of(members: impl IntoIterator<Item = (String, Value)>) -> Option<Self> {
        let members = members.into_iter().filter(|(_, value)| !value.is_null());
        let scalar =
            |(name, value): (String, Value)| (!value.is_array() && !value.is_object()).then_some((name, value));
        members.map(scalar).collect::<Option<_>>().map(Self)
    }

    /// Texts, as a dead letter has them.
    pub fn of_texts(attributes: Vec<Attribute>) -> Self {
        let value = |attribute: Attribute| (attribute.name, Value::String(attribute.value));
        Self(attributes.into_iter().map(value).collect())
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

    /// With the changes of a policy. What was a number and is changed to one stays a number.
    #[must_use]
    pub fn changed(mut self, changes: &[Change]) -> Self {
        for Change { name, value } in changes {
            match value {
                None => drop(self.0.shift_remove(name)),
                Some(text) => {
                    let was_number = self.0.get(name).is_some_and(Value::is_number);
                    let value = if was_number && is_plain_integer(text) {
                        Value::Number(Number::from_string_unchecked(text.clone()))
                    } else {
                        Value::String(text.clone())
                    };
                    self.0.insert(name.clone(), value);
                }
            }
        }
        self
    }
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

    use super::Attributes;

    fn of(members: serde_json::Value) -> Option<Attributes> {
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
        assert!(of(json!({"a": []})).is_none() && of(json!({"a": {}})).is_none());
    }
}
