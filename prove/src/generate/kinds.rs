//! What kind of value is made: one that `type` allows, or, where it says nothing, one that the other keywords speak of, and now and
//! then another. Makes no values.

use serde_json::Value;

use super::parts::Parts;
use crate::random::Random;

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// All kinds, by their names in a schema and the keywords that speak of them alone.
const KINDS: [(Kind, &str, &[&str]); 7] = [
    (Kind::Null, "null", &[]),
    (Kind::Boolean, "boolean", &[]),
    (Kind::Integer, "integer", &[]),
    (
        Kind::Number,
        "number",
        &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ],
    ),
    (Kind::String, "string", &["pattern", "format", "minLength", "maxLength"]),
    (
        Kind::Array,
        "array",
        &[
            "items",
            "prefixItems",
            "contains",
            "minItems",
            "maxItems",
            "uniqueItems",
        ],
    ),
    (
        Kind::Object,
        "object",
        &[
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "minProperties",
            "maxProperties",
            "dependentRequired",
        ],
    ),
];

/// One in so many values is of a kind of which no keyword speaks, where `type` allows any.
const ANOTHER: usize = 12;

/// A kind that is allowed; `None`: there is none.
pub(super) fn pick(parts: &Parts<'_>, random: &mut Random) -> Option<Kind> {
    let allowed: Vec<Kind> = KINDS
        .iter()
        .map(|(kind, ..)| *kind)
        .filter(|kind| allows(parts, *kind))
        .collect();
    let spoken: Vec<Kind> = KINDS
        .iter()
        .filter(|(kind, _, keywords)| allowed.contains(kind) && says(parts, keywords))
        .map(|(kind, ..)| *kind)
        .collect();
    let has_type = parts.all("type").next().is_some();
    let of = if spoken.is_empty() || has_type || random.one_in(ANOTHER) {
        &allowed
    } else {
        &spoken
    };
    random.pick(of).copied()
}

fn says(parts: &Parts<'_>, keywords: &[&str]) -> bool {
    keywords.iter().any(|keyword| parts.all(keyword).next().is_some())
}

/// Whether every `type` allows a kind. A number may be an integer.
fn allows(parts: &Parts<'_>, kind: Kind) -> bool {
    let name = |of: Kind| {
        KINDS
            .iter()
            .find(|(other, ..)| *other == of)
            .map_or("", |(_, name, _)| name)
    };
    let is_listed = |list: &Value, kind: Kind| match list {
        Value::Array(names) => names.iter().any(|listed| listed == name(kind)),
        other => other == name(kind),
    };
    parts
        .all("type")
        .all(|list| is_listed(list, kind) || kind == Kind::Integer && is_listed(list, Kind::Number))
}
