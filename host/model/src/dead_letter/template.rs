//! How a dead letter looks: JSON in which some objects stand for something else. Knows no event.
//!
//! - `{"from": …, "else": …}` is a scalar: of the document of the event by its JSON Pointer, of an attribute by its name, or one of
//!   [`Given`]. What is absent or no scalar gives `else`, or null.
//! - `{"original": "members"}` is the event itself with the metadata as its last member; `{"original": "text"}` is its text, with the
//!   metadata as the last member beside it. One of them stands there, once.

use std::sync::Arc;

use serde_json::{Map, Value};
use tidegate_engine::DeadLetters;

use super::metadata::METADATA;
use super::original::BASE64;

/// How deep the object with the metadata may stand: readers look no deeper, and a template is written by people.
pub(super) const DEPTH: usize = 8;

/// The member by which an envelope is known.
const VERSION_OF_ENVELOPES: &str = "specversion";

/// How a dead letter looks.
#[derive(Debug, Clone)]
pub struct Template {
    pub(super) root: Node,
    /// Whether it is the gate's own form, in which the dead letter has the event's names as members.
    pub(super) is_own: bool,
}

/// A part of a template.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// JSON, as it is.
    Constant(Value),
    /// A scalar, and what stands for it where there is none.
    Scalar(Scalar, Value),
    /// The event itself, with the metadata inside.
    Members,
    /// The text of the event, with the metadata beside it.
    Text,
    /// An object.
    Object(Vec<(String, Node)>),
    /// An array.
    Array(Vec<Node>),
}

/// Where a scalar comes from.
#[derive(Debug, Clone)]
pub(super) enum Scalar {
    /// The event, by a JSON Pointer.
    Pointer(String),
    /// An attribute, by its name.
    Attribute(String),
    /// The gate.
    Given(Given),
}

/// What the gate gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// `letter.id`: the id of the dead letter.
    LetterId,
    /// `letter.time`: when the event was dead-lettered.
    LetterTime,
    /// `event.id`: the event's id.
    EventId,
    /// `event.type`: its type.
    EventType,
    /// `event.key`: its partition key.
    EventKey,
    /// `event.attributes`: its attributes, the only one that is no scalar.
    Attributes,
}

/// Why a text is no template.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BadTemplate {
    /// It is not JSON.
    #[error("the template of dead letters is not JSON")]
    NotJson(#[source] Arc<serde_json::Error>),
    /// It names nothing that exists.
    #[error(
        "the template of dead letters: {0:?} is neither a JSON Pointer such as /id, nor the name of an attribute, nor one of letter.id, letter.time, event.id, event.type, event.key, event.attributes"
    )]
    From(String),
    /// What stands for an absent scalar is none.
    #[error("the template of dead letters: `else` is a scalar, and is {0}")]
    Else(Value),
    /// It says something else of the event.
    #[error("the template of dead letters: `original` is \"members\" or \"text\", and is {0}")]
    Original(Value),
    /// The event has no place, or several.
    #[error("the template of dead letters: the event stands there {0} times, and must stand there once")]
    Times(usize),
    /// The event stands where no reader looks for it.
    #[error(
        "the template of dead letters: the event stands in objects alone, at most {DEPTH} deep, and its text is a member of one"
    )]
    NoObject,
    /// A name is taken.
    #[error("the template of dead letters: no member may be called {0}")]
    Taken(String),
}

impl Template {
    /// The form that the gate gives dead letters by itself.
    fn own() -> Self {
        let from = |given| Node::Scalar(Scalar::Given(given), Value::Null);
        let members = [
            ("id", from(Given::EventId)),
            ("type", from(Given::EventType)),
            ("key", from(Given::EventKey)),
            ("attributes", from(Given::Attributes)),
            ("original", Node::Text),
        ];
        Self {
            root: Node::Object(members.map(|(name, node)| (name.to_owned(), node)).into()),
            is_own: true,
        }
    }

    /// The form of the dead letters of a policy.
    pub fn of(letters: &DeadLetters) -> Result<Self, BadTemplate> {
        letters.template.as_deref().map_or_else(|| Ok(Self::own()), Self::parse)
    }

    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        let value: Value = serde_json::from_str(text).map_err(|error| BadTemplate::NotJson(Arc::new(error)))?;
        // A dead letter that looks like an envelope would be opened like one.
        if value.get(VERSION_OF_ENVELOPES).is_some() {
            return Err(BadTemplate::Taken(VERSION_OF_ENVELOPES.to_owned()));
        }
        let root = Node::of(value)?;
        match root.originals(0)? {
            1 => Ok(Self { root, is_own: false }),
            times => Err(BadTemplate::Times(times)),
        }
    }
}

impl Node {
    fn of(value: Value) -> Result<Self, BadTemplate> {
        match value {
            Value::Object(members) if members.contains_key("from") => Self::scalar(members),
            Value::Object(members) if members.len() == 1 && members.contains_key("original") => {
                match &members["original"] {
                    Value::String(kind) if kind == "members" => Ok(Self::Members),
                    Value::String(kind) if kind == "text" => Ok(Self::Text),
                    other => Err(BadTemplate::Original(other.clone())),
                }
            }
            Value::Object(members) => {
                let nodes = members.into_iter().map(|(name, value)| Ok((name, Self::of(value)?)));
                let nodes: Vec<_> = nodes.collect::<Result<_, BadTemplate>>()?;
                // What the gate itself adds to an object: the metadata, and the event in base64.
                let in_base64 = nodes.iter().filter(|(_, node)| matches!(node, Self::Text));
                let mut taken: Vec<_> = in_base64.map(|(name, _)| format!("{name}{BASE64}")).collect();
                taken.push(METADATA.to_owned());
                match taken
                    .into_iter()
                    .find(|taken| nodes.iter().any(|(name, _)| name == taken))
                {
                    Some(taken) => Err(BadTemplate::Taken(taken)),
                    None => Ok(Self::Object(nodes)),
                }
            }
            Value::Array(items) => Ok(Self::Array(items.into_iter().map(Self::of).collect::<Result<_, _>>()?)),
            scalar => Ok(Self::Constant(scalar)),
        }
    }

    fn scalar(mut members: Map<String, Value>) -> Result<Self, BadTemplate> {
        let otherwise = members.shift_remove("else").unwrap_or_default();
        if otherwise.is_object() || otherwise.is_array() {
            return Err(BadTemplate::Else(otherwise));
        }
        let from = members.shift_remove("from").unwrap_or_default();
        let text = from.as_str().filter(|_| members.is_empty());
        let from = text
            .and_then(Scalar::parse)
            .ok_or_else(|| BadTemplate::From(text.map_or_else(|| from.to_string(), str::to_owned)))?;
        Ok(Self::Scalar(from, otherwise))
    }

    /// How often the event stands in it, which is in `depth` objects.
    fn originals(&self, depth: usize) -> Result<usize, BadTemplate> {
        match self {
            Self::Constant(_) | Self::Scalar(..) => Ok(0),
            Self::Members if depth < DEPTH => Ok(1),
            Self::Text if (1..=DEPTH).contains(&depth) => Ok(1),
            Self::Members | Self::Text => Err(BadTemplate::NoObject),
            Self::Object(members) => members.iter().map(|(_, node)| node.originals(depth + 1)).sum(),
            Self::Array(items) => items.iter().map(|node| node.originals(DEPTH + 1)).sum(),
        }
    }
}

impl Scalar {
    fn parse(text: &str) -> Option<Self> {
        let is_name = !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let given = match text {
            "letter.id" => Given::LetterId,
            "letter.time" => Given::LetterTime,
            "event.id" => Given::EventId,
            "event.type" => Given::EventType,
            "event.key" => Given::EventKey,
            "event.attributes" => Given::Attributes,
            pointer if pointer.starts_with('/') => return Some(Self::Pointer(pointer.to_owned())),
            name if is_name => return Some(Self::Attribute(name.to_owned())),
            _ => return None,
        };
        Some(Self::Given(given))
    }
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn a_template_says_once_where_the_event_stands() {
        for good in [
            r#"{"original":"members"}"#,
            r#"{"a":1,"b":{"c":{"original":"text"}},"d":{"from":"/x","else":null}}"#,
            r#"{"id":{"from":"letter.id"},"tenant":{"from":"tenant"},"event":{"original":"members"}}"#,
        ] {
            Template::parse(good).expect(good);
        }
        for (bad, why) in [
            ("{", "is not JSON"),
            (
                r#"{"specversion":"1.0","a":{"original":"text"}}"#,
                "may be called specversion",
            ),
            (
                r#"{"a":{"from":"/x","else":{}},"b":{"original":"text"}}"#,
                "`else` is a scalar",
            ),
            (r#"{"a":{"original":"text"},"a_base64":1}"#, "may be called a_base64"),
            ("{}", "stands there 0 times"),
            (
                r#"{"a":{"original":"text"},"b":{"original":"members"}}"#,
                "stands there 2 times",
            ),
            (r#"{"original":"text"}"#, "stands in objects alone"),
            (r#"{"a":[{"b":{"original":"members"}}]}"#, "stands in objects alone"),
            (
                r#"{"a":{"original":"whole"}}"#,
                "is \"members\" or \"text\", and is \"whole\"",
            ),
            (
                r#"{"a":{"from":"no.such"},"b":{"original":"text"}}"#,
                "\"no.such\" is neither",
            ),
            (
                r#"{"a":{"from":"/x","default":1},"b":{"original":"text"}}"#,
                "is neither",
            ),
            (
                r#"{"dlq_metadata":1,"b":{"original":"text"}}"#,
                "may be called dlq_metadata",
            ),
        ] {
            let error = Template::parse(bad).expect_err(bad).to_string();
            assert!(error.contains(why), "{error:?} should contain {why:?}");
        }
    }
}
