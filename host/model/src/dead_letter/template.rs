//! How a dead letter looks: JSON in which some objects stand for something else. Knows no event.
//!
//! - `{"from": …, "else": …}` is a scalar: of the document of the event by its JSON Pointer, of an attribute by its name, or one of
//!   [`Given`]. What is absent or no scalar gives `else`, or null.
//! - `{"original": "members"}` is the event itself with the metadata as its last member; `{"original": "text"}` is its text, with the
//!   metadata as the last member beside it. One of them stands there, once.

use std::sync::Arc;

use serde_json::{Map, Value};
use tidegate_engine::DeadLetters;
use tidegate_text::pointer;

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
        "the template of dead letters: {0} is neither a JSON Pointer such as /id, nor the name of an attribute, nor one of letter.id, letter.time, event.id, event.type, event.key, event.attributes"
    )]
    From(Value),
    /// A pointer with a `~` that escapes nothing.
    #[error(
        "the template of dead letters: {0:?} is no JSON Pointer: write `~0` for a `~` in a name, and `~1` for a `/`"
    )]
    Pointer(String),
    /// It says more of a scalar.
    #[error("the template of dead letters: beside `from` stands `else` alone: leave `{0}` out")]
    Key(String),
    /// What stands for an absent scalar is none.
    #[error("the template of dead letters: `else` is a text, a number, true, false or null, and is {0}")]
    Else(Value),
    /// It says something else of the event.
    #[error("the template of dead letters: `original` is \"members\" or \"text\", and is {0}")]
    Original(Value),
    /// The event has no place.
    #[error(
        "the template of dead letters: the event stands nowhere: write `{{\"original\":\"members\"}}` or `{{\"original\":\"text\"}}` where it shall stand"
    )]
    Nowhere,
    /// The event has several.
    #[error("the template of dead letters: the event stands there a second time, and must stand there once")]
    Twice,
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
            0 => Err(BadTemplate::Nowhere),
            1 => Ok(Self { root, is_own: false }),
            _ => Err(BadTemplate::Twice),
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
        if let Some((other, _)) = members.into_iter().next() {
            return Err(BadTemplate::Key(other));
        }
        match from.as_str() {
            Some(text) if text.starts_with('/') && pointer::names(text).is_none() => {
                Err(BadTemplate::Pointer(text.to_owned()))
            }
            text => match text.and_then(Scalar::parse) {
                Some(from) => Ok(Self::Scalar(from, otherwise)),
                None => Err(BadTemplate::From(from)),
            },
        }
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
    use serde::Deserialize;
    use serde_json::Value;

    use super::Template;

    #[derive(Deserialize)]
    struct Case {
        template: Value,
        /// Where something is wrong, for authors; absent: nothing is.
        #[serde(default)]
        wrong: Option<String>,
        #[serde(default)]
        problem: String,
    }

    /// The cases of which authors are told, too.
    #[test]
    fn a_template_says_once_where_the_event_stands() {
        let cases = include_str!("../../../../tests/templates.json");
        let cases: Vec<Case> = serde_json::from_str(cases).expect("cases");
        for case in cases {
            let text = case.template.to_string();
            match (Template::parse(&text), case.wrong) {
                (Ok(_), None) => {}
                (Err(error), Some(_)) if error.to_string().contains(&case.problem) => {}
                (found, _) => panic!("{text}: {found:?} should say {:?}", case.problem),
            }
        }
        let error = Template::parse("{").expect_err("no JSON").to_string();
        assert!(error.contains("is not JSON"), "{error}");
    }
}
