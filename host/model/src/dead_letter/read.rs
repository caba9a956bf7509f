//! Reads dead letters: why an event was dead-lettered, and the event itself byte for byte. Any gate reads those of any other, whatever
//! the template was: a dead letter says itself where its event stands.

use bytes::Bytes;
use serde_json::value::RawValue;
use tidegate_engine::Violation;
use tidegate_letter::{DEPTH, METADATA};
use tidegate_text::pointer;

use super::metadata::{Encoding, Event, Metadata};
use super::names::Names;
use super::original::{from_base64, without_metadata};
use crate::attributes::Attributes;
use crate::envelope::{Headers, Unwrapped, unwrap};
use crate::members::Members;

/// A dead-lettered event, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Id of the dead letter.
    pub id: String,
    /// When the event was dead-lettered, RFC 3339.
    pub failed_at: String,
    /// Why, in one line.
    pub error: String,
    /// Retries made after the first attempt.
    pub retry_count: u32,
    /// What is wrong with the event; empty when it is valid and could not be published.
    pub violations: Vec<Violation>,
    /// The source of the event, such as `orders/3@1042`.
    pub source: String,
    /// Digest of the policy that decided on it.
    pub policy: String,
    /// The event, byte for byte as it arrived.
    pub original: Bytes,
    /// Its attributes.
    pub attributes: Attributes,
    /// Its names, as far as the gate could read them.
    pub names: Names,
}

/// Why a record cannot be read as a dead letter.
#[derive(Debug, thiserror::Error)]
pub enum NotADeadLetter {
    /// It is not UTF-8.
    #[error("not a dead letter: it is not UTF-8")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// It is not JSON, or not an object.
    #[error("not a dead letter: it is not a JSON object")]
    NotAnObject,
    /// It is another event.
    #[error("not a dead letter: it has no member {METADATA}")]
    NoMetadata,
    /// It has the metadata twice, so that two readers could read it differently.
    #[error("not an unambiguous dead letter: it has more than one member {METADATA}")]
    Twice,
    /// The reason cannot be read.
    #[error("not a complete dead letter: {METADATA} is not valid")]
    Metadata(#[source] serde_json::Error),
    /// The event is not where it should be.
    #[error("not a complete dead letter: its event should stand at {0:?}")]
    NoOriginal(String),
    /// The event is not base64.
    #[error("not a complete dead letter: the event is not base64 (RFC 4648, section 4, with padding)")]
    Base64(#[source] base64::DecodeError),
}

impl DeadLetter {
    /// Reads a dead letter: the bare record, or the record in a CloudEvent (JSON format), `data` or `data_base64`, once or
    /// inside the sidecar's own.
    pub fn read(bytes: &Bytes) -> Result<Self, NotADeadLetter> {
        let Unwrapped { event: record, .. } = unwrap(bytes.clone(), true, &Headers::NONE);
        let text = std::str::from_utf8(&record)?;
        let whole: &RawValue = serde_json::from_str(text).map_err(|_| NotADeadLetter::NotAnObject)?;
        let Found { object, members, place } = find(whole)?;
        let metadata = members.find(METADATA).ok_or(NotADeadLetter::NoMetadata)?;
        let metadata: Metadata = serde_json::from_str(metadata.get()).map_err(NotADeadLetter::Metadata)?;
        let original = original(object, &members, &place, &metadata)?;
        let event = match metadata.event {
            Some(event) => event,
            None => serde_json::from_str(object.get()).map_err(NotADeadLetter::Metadata)?,
        };
        let Event { names, attributes } = event;
        Ok(Self {
            id: metadata.id,
            failed_at: metadata.failed_at,
            error: metadata.error,
            retry_count: metadata.retry_count,
            violations: metadata.violations,
            source: metadata.source,
            policy: metadata.policy,
            original: original.into(),
            attributes: attributes.checked(),
            names,
        })
    }
}

/// The object with the metadata.
struct Found<'a> {
    object: &'a RawValue,
    members: Members<'a>,
    place: String,
}

/// Finds the object with the metadata: the outermost one, since an event may have a member of that name.
fn find(whole: &RawValue) -> Result<Found<'_>, NotADeadLetter> {
    let members = Members::of(whole).ok_or(NotADeadLetter::NotAnObject)?;
    let mut level = vec![Found {
        object: whole,
        members,
        place: String::new(),
    }];
    for _ in 0..DEPTH {
        let has_metadata = |found: &Found<'_>| found.members.0.iter().filter(|(name, _)| name == METADATA).count();
        match level.iter().map(has_metadata).sum() {
            0 => {}
            1 => {
                level.retain(|found| has_metadata(found) == 1);
                return level.pop().ok_or(NotADeadLetter::NoMetadata);
            }
            2.. => return Err(NotADeadLetter::Twice),
        }
        level = level
            .iter()
            .flat_map(|found| inside(&found.members, &found.place))
            .collect();
    }
    Err(NotADeadLetter::NoMetadata)
}

/// The objects in the members of an object.
fn inside<'a>(members: &Members<'a>, place: &str) -> Vec<Found<'a>> {
    let objects = members.0.iter().filter_map(|(name, value)| {
        let members = Members::of(value)?;
        let mut place = place.to_owned();
        pointer::push(&mut place, name);
        Some(Found {
            object: value,
            members,
            place,
        })
    });
    objects.collect()
}

/// The event, byte for byte: the object with the metadata, or a string in it.
fn original(
    object: &RawValue,
    members: &Members<'_>,
    place: &str,
    metadata: &Metadata,
) -> Result<Vec<u8>, NotADeadLetter> {
    let elsewhere = || NotADeadLetter::NoOriginal(metadata.original.clone());
    let text = || {
        let is_stated = |name: &str| {
            let mut pointer = place.to_owned();
            pointer::push(&mut pointer, name);
            pointer == metadata.original
        };
        let (_, value) = members.0.iter().find(|(name, _)| is_stated(name))?;
        serde_json::from_str::<String>(value.get()).ok()
    };
    match metadata.encoding {
        Encoding::Members if metadata.original == place => Ok(without_metadata(object, members)),
        Encoding::Members => Err(elsewhere()),
        Encoding::Text => text().map(String::into_bytes).ok_or_else(elsewhere),
        Encoding::Base64 => from_base64(&text().ok_or_else(elsewhere)?).map_err(NotADeadLetter::Base64),
    }
}
