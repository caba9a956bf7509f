//! Where an event states its id, its type and so on: in its own members, and in CloudEvents attributes. Knows nothing of events.

use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use crate::place::Place;
use crate::version_place::{VersionAttribute, VersionPlace};

/// The places of the members that every policy reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The id; absent: events state none, and idempotency is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<NameOf>,
    /// The event type.
    #[serde(rename = "type")]
    pub event_type: Place,
    /// The version; absent: no type has more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionPlace>,
    /// The partition key; absent: events have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<NameOf>,
    /// The time; absent: an event without one leaves without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Place>,
    /// Where the data of a CloudEvent stands in the document; absent: the data is the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Place>,
}

/// Of what a name is made: `/id`, or `{ of: [/tenant, /number] }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum NameOf {
    /// A member.
    Member(Place),
    /// Several members together.
    Members {
        /// Their places, at least one.
        of: Vec<Place>,
    },
}

impl NameOf {
    /// The place, when it is one member.
    pub(crate) fn place(&self) -> Option<&Place> {
        match self {
            Self::Member(place) => Some(place),
            Self::Members { .. } => None,
        }
    }

    /// The members of which it is made.
    pub(crate) fn places(&self) -> &[Place] {
        match self {
            Self::Member(place) => std::slice::from_ref(place),
            Self::Members { of } => of,
        }
    }
}

impl<'de> Deserialize<'de> for NameOf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOfVisitor)
    }
}

/// Not `untagged`, which would not say what is wrong with a place.
struct NameOfVisitor;

impl<'de> Visitor<'de> for NameOfVisitor {
    type Value = NameOf;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a place such as /id, or { of: [/tenant, /number] }")
    }

    fn visit_str<E: de::Error>(self, pointer: &str) -> Result<NameOf, E> {
        Place::try_from(pointer.to_owned())
            .map(NameOf::Member)
            .map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<NameOf, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            of: Vec<Place>,
        }
        let Members { of } = Members::deserialize(MapAccessDeserializer::new(members))?;
        if of.is_empty() {
            return Err(de::Error::custom("a name is made of one member or more"));
        }
        Ok(NameOf::Members { of })
    }
}

/// Among which events an id is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdScope {
    /// Those with one CloudEvents attribute `source`; among events without one, those of a type.
    Source,
    /// Those of a type.
    Type,
    /// All.
    Global,
}

/// The CloudEvents attributes that stand for members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloudEvents {
    /// The attribute with the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The attribute with the type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// The attribute with the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionAttribute>,
    /// The attribute with the partition key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The attribute with the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// `data`: the data of an event stands at the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Data>,
}

/// The data of a CloudEvent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Data {
    /// `data`, whether it is written so or in base64.
    Data,
}

/// An attribute that stands for a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mapped {
    pub(crate) attribute: String,
    pub(crate) place: Place,
    /// Whether it is a time, of which two texts may name the same.
    pub(crate) is_time: bool,
    /// Whether only its last part stands for the member.
    pub(crate) is_end: bool,
}

/// Attributes that mean something else, whatever a policy says.
const RESERVED: [&str; 10] = [
    "baggage",
    "data",
    "datacontenttype",
    "pubsubname",
    "source",
    "specversion",
    "topic",
    "traceid",
    "traceparent",
    "tracestate",
];

impl Mapped {
    /// Whether the attribute can stand for a member.
    pub(crate) fn is_possible(&self) -> bool {
        let name = &*self.attribute;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_own = RESERVED.contains(&name) || name.starts_with("tidegate");
        !name.is_empty() && name.bytes().all(is_plain) && !is_own
    }
}

impl Envelope {
    /// The place of the id, when it is one member.
    pub(crate) fn id_place(&self) -> Option<&Place> {
        self.id.as_ref()?.place()
    }

    /// The place of the version, when it is a member.
    pub(crate) fn version_place(&self) -> Option<&Place> {
        self.version.as_ref()?.member()
    }

    /// The place of the key, when it is one member.
    pub(crate) fn key_place(&self) -> Option<&Place> {
        self.key.as_ref()?.place()
    }

    /// The places by the names that a manifest uses.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&'static str, &Place)> {
        [
            ("id", self.id_place()),
            ("type", Some(&self.event_type)),
            ("version", self.version_place()),
            ("key", self.key_place()),
            ("time", self.time.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, place)| Some((name, place?)))
    }

    /// Two names that no event could state: one is inside the other, or both are the same member and say different things. The
    /// key may be any of the others.
    pub(crate) fn conflict(&self) -> Option<[&'static str; 2]> {
        let conflicts = |(one, first): (&'static str, &Place), (other, second): (&'static str, &Place)| {
            let is_same = first == second && one != "key" && other != "key";
            is_same || first.contains(second) || second.contains(first)
        };
        // Names may stand in the payload, but not around it.
        let payload = self.payload.as_ref();
        let around = self
            .places()
            .find(|(_, place)| payload.is_some_and(|payload| payload == *place || place.contains(payload)));
        if let Some((name, _)) = around {
            return Some([name, "payload"]);
        }
        let stated: Vec<_> = self.places().collect();
        stated.iter().enumerate().find_map(|(at, &one)| {
            let other = stated[at + 1..].iter().find(|&&other| conflicts(one, other))?;
            Some([one.0, other.0])
        })
    }

    /// The attributes that stand for members; fails with a name that is mapped and has no place.
    pub(crate) fn mapped(&self, cloudevents: &CloudEvents) -> Result<Vec<Mapped>, &'static str> {
        let names = [
            ("id", cloudevents.id.as_deref()),
            ("type", cloudevents.event_type.as_deref()),
            ("version", cloudevents.version.as_ref().map(VersionAttribute::name)),
            ("key", cloudevents.key.as_deref()),
            ("time", cloudevents.time.as_deref()),
        ];
        let mut mapped: Vec<Mapped> = Vec::new();
        for (name, attribute) in names {
            let Some(attribute) = attribute else { continue };
            let (_, place) = self.places().find(|(other, _)| *other == name).ok_or(name)?;
            // The key may be the id, for one.
            let is_same = |known: &Mapped| known.place == *place && known.attribute == attribute;
            if !mapped.iter().any(is_same) {
                mapped.push(Mapped {
                    attribute: attribute.to_owned(),
                    place: place.clone(),
                    is_time: name == "time",
                    is_end: name == "version" && cloudevents.version.as_ref().is_some_and(VersionAttribute::is_end),
                });
            }
        }
        Ok(mapped)
    }
}

#[cfg(test)]
mod tests {
    use super::Envelope;

    #[test]
    fn names_that_no_event_could_state_are_found() {
        for (envelope, expected) in [
            (r#"{"id":"/id","type":"/type","key":"/id"}"#, None),
            (
                r#"{"id":"/m/id","type":"/m/type","version":"/m/v","key":"/k","time":"/t"}"#,
                None,
            ),
            (r#"{"id":"/a","type":"/a","key":"/k"}"#, Some(["id", "type"])),
            (r#"{"id":"/id","type":"/t","key":"/t/k"}"#, Some(["type", "key"])),
            (
                r#"{"id":"/id/x","type":"/t","key":"/k","time":"/id"}"#,
                Some(["id", "time"]),
            ),
            (r#"{"id":"/id","type":"/idle","key":"/k"}"#, None),
            (r#"{"type":"/type"}"#, None),
            (r#"{"id":"/data/id","type":"/type","payload":"/data"}"#, None),
            (
                r#"{"id":"/id","type":"/type","payload":"/id"}"#,
                Some(["id", "payload"]),
            ),
            (
                r#"{"id":"/id","type":"/type","payload":"/type/x"}"#,
                Some(["type", "payload"]),
            ),
        ] {
            let parsed: Envelope = serde_json::from_str(envelope).expect("an envelope");
            assert_eq!(parsed.conflict(), expected, "{envelope}");
        }
    }
}
