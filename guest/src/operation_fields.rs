//! The fields of operations, as a manifest writes them. What makes no sense is refused where it stands. Knows no event.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::place::Place;
use crate::unique;

/// A member that the newer version has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "RawAdd", into = "RawAdd")]
pub struct Add {
    /// Where.
    pub at: Place,
    /// What is added, and removed on the way back.
    pub value: Value,
    /// The member after which it is added; absent there or here: last.
    pub after: Option<Place>,
    /// What becomes of a member that is there already; absent: it is refused.
    pub existing: Option<Keep>,
    /// What becomes of another value on the way back.
    pub otherwise: Otherwise,
}

/// A member that the newer version has not.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "RawRemove", into = "RawRemove")]
pub struct Remove {
    /// Where.
    pub at: Place,
    /// What is removed, and added on the way back; absent: anything is removed and nothing is added.
    pub value: Option<Value>,
    /// The member after which it is added on the way back; absent there or here: last.
    pub after: Option<Place>,
    /// What becomes of another value.
    pub otherwise: Otherwise,
}

/// What becomes of a member that has another value than the one that is removed, or is absent: a manifest says `otherwise: reject`
/// or `lossy: true`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// The event is refused, since it could not come back.
    Reject,
    /// It is removed too, and lost.
    Lose,
}

/// A member that has another name in the newer version, in the same object.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "RawMove")]
pub struct Rename {
    /// In the older version.
    pub from: Place,
    /// In the newer version.
    pub to: Place,
}

/// A member that stands in another object in the newer version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "RawMove")]
pub struct Move {
    /// In the older version.
    pub from: Place,
    /// In the newer version.
    pub to: Place,
    /// The member of the older object after which it is put back; absent there or here: last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Place>,
}

/// One value in place of another.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// Where.
    pub at: Place,
    /// In the older version.
    pub from: Value,
    /// In the newer version.
    pub to: Value,
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

/// The event is refused, and its author means it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reject {
    /// The event is refused.
    Reject,
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
    #[error(
        "{at}: say what becomes of any other value, which the way back could not restore: `otherwise: reject` or `lossy: true`"
    )]
    NotSaid { at: String },
    #[error("{at}: `otherwise: reject` and `lossy: true` contradict each other: keep one")]
    Contradiction { at: String },
    #[error("{at}: give the `value` that is removed, which the way back adds, or `lossy: true`")]
    NothingToAddBack { at: String },
    #[error("{from} and {to} cannot hold the same member one after the other")]
    SamePlace { from: String, to: String },
    #[error(
        "{from} and {to} are in two objects: `rename` keeps a member in its object, `move` takes it to another one"
    )]
    NotARename { from: String, to: String },
    #[error(
        "{from} and {to} are in one object: `rename` gives a member another name there, `move` takes it to another object"
    )]
    NotAMove { from: String, to: String },
    #[error("a `rename` keeps the position of its member: leave `after` out")]
    KeepsPosition,
    #[error("`after: {after}` is not in the same object as {at}")]
    NotBeside { at: String, after: String },
    #[error("two values become {0:?}: the way back would not know which one it was")]
    Twice(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAdd {
    at: Place,
    #[serde(deserialize_with = "present")]
    value: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    existing: Option<Keep>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    otherwise: Option<Reject>,
    #[serde(default)]
    lossy: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRemove {
    at: Place,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    otherwise: Option<Reject>,
    #[serde(default)]
    lossy: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMove {
    from: Place,
    to: Place,
    #[serde(default)]
    after: Option<Place>,
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

impl Otherwise {
    fn of(at: &Place, reject: Option<&Reject>, is_lossy: bool) -> Result<Self, NotAnOperation> {
        let at = || at.pointer().to_owned();
        match (reject, is_lossy) {
            (Some(Reject::Reject), false) => Ok(Self::Reject),
            (None, true) => Ok(Self::Lose),
            (None, false) => Err(NotAnOperation::NotSaid { at: at() }),
            (Some(_), true) => Err(NotAnOperation::Contradiction { at: at() }),
        }
    }

    fn reject(self) -> Option<Reject> {
        (self == Self::Reject).then_some(Reject::Reject)
    }
}

impl TryFrom<RawAdd> for Add {
    type Error = NotAnOperation;

    fn try_from(raw: RawAdd) -> Result<Self, NotAnOperation> {
        Ok(Self {
            otherwise: Otherwise::of(&raw.at, raw.otherwise.as_ref(), raw.lossy)?,
            after: beside(&raw.at, raw.after)?,
            at: raw.at,
            value: raw.value,
            existing: raw.existing,
        })
    }
}

impl From<Add> for RawAdd {
    fn from(add: Add) -> Self {
        Self {
            at: add.at,
            value: add.value,
            after: add.after,
            existing: add.existing,
            otherwise: add.otherwise.reject(),
            lossy: add.otherwise == Otherwise::Lose,
        }
    }
}

impl TryFrom<RawRemove> for Remove {
    type Error = NotAnOperation;

    fn try_from(raw: RawRemove) -> Result<Self, NotAnOperation> {
        if raw.value.is_none() && !raw.lossy {
            return Err(NotAnOperation::NothingToAddBack {
                at: raw.at.pointer().to_owned(),
            });
        }
        Ok(Self {
            otherwise: Otherwise::of(&raw.at, raw.otherwise.as_ref(), raw.lossy)?,
            after: beside(&raw.at, raw.after)?,
            at: raw.at,
            value: raw.value,
        })
    }
}

impl From<Remove> for RawRemove {
    fn from(remove: Remove) -> Self {
        Self {
            at: remove.at,
            value: remove.value,
            after: remove.after,
            otherwise: remove.otherwise.reject(),
            lossy: remove.otherwise == Otherwise::Lose,
        }
    }
}

impl TryFrom<RawMove> for Rename {
    type Error = NotAnOperation;

    fn try_from(RawMove { from, to, after }: RawMove) -> Result<Self, NotAnOperation> {
        different(&from, &to)?;
        if after.is_some() {
            return Err(NotAnOperation::KeepsPosition);
        }
        if !from.is_beside(&to) {
            let (from, to) = (from.into(), to.into());
            return Err(NotAnOperation::NotARename { from, to });
        }
        Ok(Self { from, to })
    }
}

impl TryFrom<RawMove> for Move {
    type Error = NotAnOperation;

    fn try_from(RawMove { from, to, after }: RawMove) -> Result<Self, NotAnOperation> {
        different(&from, &to)?;
        if from.is_beside(&to) {
            let (from, to) = (from.into(), to.into());
            return Err(NotAnOperation::NotAMove { from, to });
        }
        Ok(Self {
            after: beside(&from, after)?,
            from,
            to,
        })
    }
}

/// Two places of which neither holds the other.
fn different(from: &Place, to: &Place) -> Result<(), NotAnOperation> {
    if from == to || from.contains(to) || to.contains(from) {
        let (from, to) = (from.pointer().to_owned(), to.pointer().to_owned());
        return Err(NotAnOperation::SamePlace { from, to });
    }
    Ok(())
}

/// The place after which a member is put, which is another one of its object.
fn beside(at: &Place, after: Option<Place>) -> Result<Option<Place>, NotAnOperation> {
    match after {
        Some(after) if !at.is_beside(&after) || *at == after => Err(NotAnOperation::NotBeside {
            at: at.pointer().to_owned(),
            after: after.into(),
        }),
        after => Ok(after),
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
