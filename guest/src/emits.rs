//! Which events follow from those of a type, as a manifest says it. What makes no sense is refused. Knows no event.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::place::Place;
use crate::recurrence::Every;
use crate::unique;

/// An event that follows from another one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Emits {
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The condition that holds for an event from which it follows; absent: it follows from each one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What its members are copied from, by their places. Its id, its type and its version are not among them.
    pub copy: IndexMap<Place, Copied>,
    /// When it is about the next date of a schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recur: Option<Recur>,
}

/// The value of a member: `/place`, `[/place, /else]`, `{ value: … }` or `{ recur: next }`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Copied {
    /// That of the first of these members that is there and not null.
    From(Vec<Place>),
    /// Always this.
    Value(Value),
    /// A part of the schedule.
    Recur(Part),
}

/// A part of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The next date.
    Next,
    /// The date before it.
    Previous,
    /// The pattern, as the event states it.
    Pattern,
    /// The day of the month; only where the pattern is a month or a year.
    Anchor,
}

/// The next date of a schedule. The id of what is made depends on nothing but these members, and its text on them and on which dates of
/// the schedule the time of the event leaves behind, so that what is done twice is one occurrence.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recur {
    /// The members that say what recurs.
    pub of: Vec<Place>,
    /// The previous date: the first of these members that is there and not null.
    #[serde(deserialize_with = "places")]
    pub from: Vec<Place>,
    /// The pattern; nothing recurs where it is absent or null.
    pub pattern: Place,
    /// How often each pattern recurs.
    #[serde(deserialize_with = "unique::map")]
    pub patterns: IndexMap<String, Every>,
    /// The day of the month; absent: that of the previous date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Place>,
}

/// Fields that make no sense together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoEmits {
    #[error(
        "a copy is a place such as /id, a list of places, `{{ value: … }}`, or `{{ recur: next }}`; or previous, pattern, anchor"
    )]
    NoCopy,
    #[error("{0}: there is no `recur` beside `copy`")]
    NoRecur(String),
    #[error(
        "{0} is copied from {1}, which is not in `of`: so an event that comes twice could ask for one date in two ways"
    )]
    NotOf(String, String),
    #[error("recur: name what recurs in `of`, the previous date in `from`, and a pattern in `patterns`")]
    Empty,
    #[error("{0} and {1} cannot both be copied: one is inside the other")]
    Inside(String, String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(rename = "type")]
    event_type: String,
    #[serde(default)]
    when: Option<String>,
    #[serde(default, deserialize_with = "unique::map")]
    copy: IndexMap<String, Copied>,
    #[serde(default)]
    recur: Option<Recur>,
}

impl TryFrom<Raw> for Emits {
    type Error = String;

    fn try_from(
        Raw {
            event_type,
            when,
            copy,
            recur,
        }: Raw,
    ) -> Result<Self, String> {
        let place = |(to, copied): (String, Copied)| Ok((Place::try_from(to)?, copied));
        let copy: Result<_, crate::place::NotAPlace> = copy.into_iter().map(place).collect();
        let emits = Self {
            event_type,
            when,
            copy: copy.map_err(|error| error.to_string())?,
            recur,
        };
        emits.check().map_err(|error| error.to_string())?;
        Ok(emits)
    }
}

impl Emits {
    fn check(&self) -> Result<(), NoEmits> {
        for (at, to) in self.copy.keys().enumerate() {
            let inside = |other: &&Place| other.contains(to) || to.contains(other);
            if let Some(other) = self.copy.keys().take(at).find(inside) {
                return Err(NoEmits::Inside(other.pointer().to_owned(), to.pointer().to_owned()));
            }
        }
        let Some(recur) = &self.recur else {
            let mut copies = self.copy.iter();
            let needs = copies.find(|(_, copied)| matches!(copied, Copied::Recur(_)));
            return needs.map_or(Ok(()), |(to, _)| Err(NoEmits::NoRecur(to.pointer().to_owned())));
        };
        if recur.of.is_empty() || recur.from.is_empty() || recur.patterns.is_empty() {
            return Err(NoEmits::Empty);
        }
        for (to, copied) in &self.copy {
            let Copied::From(places) = copied else { continue };
            if let Some(other) = places.iter().find(|place| !recur.of.contains(place)) {
                return Err(NoEmits::NotOf(to.pointer().to_owned(), other.pointer().to_owned()));
            }
        }
        Ok(())
    }
}

impl TryFrom<Value> for Copied {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(_) | Value::Array(_) => places(value).map(Self::From).map_err(|error| error.to_string()),
            Value::Object(mut members) if members.len() == 1 => {
                match (members.remove("value"), members.remove("recur")) {
                    (Some(value), _) => Ok(Self::Value(value)),
                    (None, part) => part
                        .and_then(|part| serde_json::from_value(part).ok())
                        .map(Self::Recur)
                        .ok_or_else(|| NoEmits::NoCopy.to_string()),
                }
            }
            _ => Err(NoEmits::NoCopy.to_string()),
        }
    }
}

/// Not by way of a `Value`, which would write numbers anew.
impl Serialize for Copied {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::From(places) => places.serialize(serializer),
            Self::Value(value) => serializer.collect_map([("value", value)]),
            Self::Recur(part) => serializer.collect_map([("recur", part)]),
        }
    }
}

/// One place, or several of which the first counts that is there.
fn places<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Place>, D::Error> {
    let texts = match Value::deserialize(deserializer)? {
        Value::String(text) => vec![Value::String(text)],
        Value::Array(texts) if !texts.is_empty() => texts,
        _ => return Err(serde::de::Error::custom("name a place such as /id, or a list of them")),
    };
    let place = |text| serde_json::from_value(text).map_err(serde::de::Error::custom);
    texts.into_iter().map(place).collect()
}
