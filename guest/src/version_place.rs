//! Where an event states its version, and which attribute stands for it, as a manifest says it. Knows no event.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use crate::place::Place;

/// Where an event states its version: `/schemaVersion`, or `{ end_of: type }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum VersionPlace {
    /// In a member.
    Member(Place),
    /// At the end of another name, such as `order.placed.v2`.
    End {
        /// What that is.
        end_of: EndOf,
    },
}

/// What ends with the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndOf {
    /// The type, after a dot: `order.placed.v2`, `order.placed.2`.
    Type,
}

/// The CloudEvents attribute that stands for the version: `dataversion`, or `{ end_of: dataschema }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum VersionAttribute {
    /// The attribute is the version.
    Whole(String),
    /// The version is the last part of the attribute: of `https://example.com/order/v2`, `2`.
    End {
        /// The attribute.
        end_of: String,
    },
}

impl VersionAttribute {
    /// The attribute.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Whole(name) | Self::End { end_of: name } => name,
        }
    }

    /// Whether the version is its last part only.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self, Self::End { .. })
    }
}

impl VersionPlace {
    /// The place, when it is a member.
    pub fn member(&self) -> Option<&Place> {
        match self {
            Self::Member(place) => Some(place),
            Self::End { .. } => None,
        }
    }
}

impl<'de> Deserialize<'de> for VersionPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match NameOrEnd::<EndOf>::read(deserializer, "a place such as /version, or { end_of: type }")? {
            NameOrEnd::Name(pointer) => Place::try_from(pointer).map(Self::Member).map_err(D::Error::custom),
            NameOrEnd::End(end_of) => Ok(Self::End { end_of }),
        }
    }
}

impl<'de> Deserialize<'de> for VersionAttribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = NameOrEnd::read(
            deserializer,
            "an attribute such as dataversion, or { end_of: dataschema }",
        )?;
        Ok(match read {
            NameOrEnd::Name(name) => Self::Whole(name),
            NameOrEnd::End(end_of) => Self::End { end_of },
        })
    }
}

/// A text, or `{ end_of: … }`.
enum NameOrEnd<T> {
    Name(String),
    End(T),
}

impl<'de, T: Deserialize<'de>> NameOrEnd<T> {
    fn read<D: Deserializer<'de>>(deserializer: D, expected: &'static str) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrEndVisitor {
            expected,
            end: PhantomData,
        })
    }
}

/// Not `untagged`, which would not say what is wrong with a place.
struct NameOrEndVisitor<T> {
    expected: &'static str,
    end: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for NameOrEndVisitor<T> {
    type Value = NameOrEnd<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(NameOrEnd::Name(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct End<T> {
            end_of: T,
        }
        End::deserialize(MapAccessDeserializer::new(members)).map(|End { end_of }| NameOrEnd::End(end_of))
    }
}
