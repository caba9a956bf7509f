//! A template and its parts.
//!
//! - `{"from": …, "else": …}` is a scalar: of the document of the event by its JSON Pointer, of an attribute by its name, or one of
//!   [`Given`]. What is absent or no scalar gives `else`, or null.
//! - `{"original": "members"}` is the event itself with the metadata as its last member; `{"original": "text"}` is its text, with the
//!   metadata as the last member beside it. One of them stands there, once.

use serde_json::Value;

/// The member with what is known of the failure, which a gate adds.
pub const METADATA: &str = "dlq_metadata";

/// What a gate adds to the name of a member for a text that is not UTF-8: the member then holds its bytes in base64.
pub const BASE64: &str = "_base64";

/// How deep the object with the metadata may stand: readers look no deeper, and a template is written by people.
pub const DEPTH: usize = 8;

/// How a dead letter looks.
#[derive(Debug, Clone)]
pub struct Template {
    /// The whole.
    pub root: Node,
    /// Whether it is the gate's own form, in which the dead letter has the event's names as members.
    pub is_own: bool,
}

/// A part of a template.
#[derive(Debug, Clone)]
pub enum Node {
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
pub enum Scalar {
    /// The event, by a JSON Pointer.
    Pointer(String),
    /// An attribute, by its name.
    Attribute(String),
    /// The gate.
    Given(Given),
}

/// What the gate gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
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

impl Given {
    /// All, with their names.
    pub const ALL: [(&'static str, Self); 6] = [
        ("letter.id", Self::LetterId),
        ("letter.time", Self::LetterTime),
        ("event.id", Self::EventId),
        ("event.type", Self::EventType),
        ("event.key", Self::EventKey),
        ("event.attributes", Self::Attributes),
    ];
}

impl Template {
    /// The form that the gate gives dead letters by itself.
    pub(crate) fn own() -> Self {
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
}
