//! The fields of operations, as a manifest writes them. What makes no sense is refused where it stands. Knows no event.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::place::Place;
use crate::unique;

/// A member that the newer version has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// Where.
    pub at: Place,
    /// What is added, and removed on the way back.
    #[serde(deserialize_with = "present")]
    pub value: Value,
    /// What becomes of a member that is there already: absent: it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<Keep>,
    /// Whether another value may be lost on the way back.
    #[serde(default)]
    pub lossy: bool,
}

/// A member that the newer version has not.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "RawRemove")]
pub struct Remove {
    /// Where.
    pub at: Place,
    /// What is removed, and added on the way back; absent: anything is removed and nothing is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether another value may be lost.
    pub lossy: bool,
}

/// A member that stands elsewhere in the newer version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "RawMove")]
pub struct Move {
    /// In the older version.
    pub from: Place,
    /// In the newer version.
    pub to: Place,
}

/// Texts that are others in the newer version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "RawMapValues")]
pub struct MapValues {
    /// Where.
    pub at: Place,
    /// The text in the newer version of each in the older one.
    pub values: IndexMap<String, String>,
    /// What becomes of any other text; absent: it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub others: Option<Keep>,
}

/// A value in an object of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrapped {
    /// Where.
    pub at: Place,
    /// The name of the value in the object.
    pub name: String,
}

/// It stays as it is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// It stays as it is.
    Keep,
}

/// Fields that make no sense together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAnOperation {
    #[error("give the `value` that is removed, which the way back adds, or `lossy: true`")]
    NothingToAddBack,
    #[error("{from} and {to} cannot hold the same member one after the other")]
    SamePlace { from: String, to: String },
    #[error("two values become {0:?}: the way back would not know which one it was")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRemove {
    at: Place,
    #[serde(default, deserialize_with = "some")]
    value: Option<Value>,
    #[serde(default)]
    lossy: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMove {
    from: Place,
    to: Place,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMapValues {
    at: Place,
    #[serde(deserialize_with = "unique::map")]
    values: IndexMap<String, String>,
    #[serde(default)]
    others: Option<Keep>,
}

impl Add {
    pub(crate) const fn keeps_existing(&self) -> bool {
        self.existing.is_some()
    }
}

impl MapValues {
    pub(crate) const fn keeps_others(&self) -> bool {
        self.others.is_some()
    }
}

impl TryFrom<RawRemove> for Remove {
    type Error = NotAnOperation;

    fn try_from(RawRemove { at, value, lossy }: RawRemove) -> Result<Self, NotAnOperation> {
        if value.is_none() && !lossy {
            return Err(NotAnOperation::NothingToAddBack);
        }
        Ok(Self { at, value, lossy })
    }
}

impl TryFrom<RawMove> for Move {
    type Error = NotAnOperation;

    fn try_from(RawMove { from, to }: RawMove) -> Result<Self, NotAnOperation> {
        if from == to || from.contains(&to) || to.contains(&from) {
            return Err(NotAnOperation::SamePlace {
                from: from.pointer().to_owned(),
                to: to.pointer().to_owned(),
            });
        }
        Ok(Self { from, to })
    }
}

impl TryFrom<RawMapValues> for MapValues {
    type Error = NotAnOperation;

    fn try_from(RawMapValues { at, values, others }: RawMapValues) -> Result<Self, NotAnOperation> {
        let is_before = |at: usize, newer: &String| values.values().take(at).any(|other| other == newer);
        if let Some((_, twice)) = values.values().enumerate().find(|&(at, newer)| is_before(at, newer)) {
            return Err(NotAnOperation::Twice(twice.clone()));
        }
        Ok(Self { at, values, others })
    }
}

/// A value that may be null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Value::deserialize(deserializer)
}

/// The same, when it is there at all.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
