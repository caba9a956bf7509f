//! How a dead letter contains its event, byte for byte. Knows nothing of the rest of a dead letter.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, value::RawValue};
use tidegate_letter::METADATA;

use crate::members::Members;

/// A text whose escapes would add more bytes than this is written in base64 instead.
const MAX_ESCAPES: usize = 1 << 20;

/// An event as it stands in a dead letter.
#[derive(Debug)]
pub(super) enum Original<'a> {
    /// An object: its text up to the last bracket, with a comma where members follow.
    Members(String),
    /// A JSON string of its text.
    Text(String),
    /// Its bytes, for base64.
    Base64(&'a [u8]),
}

impl<'a> Original<'a> {
    /// The event as an object, where it is one that nobody could read differently, and has no member of the metadata's name.
    pub(super) fn members(event: &'a [u8]) -> Self {
        let open = |text: &str| {
            let members: Members<'_> = text.starts_with('{').then(|| serde_json::from_str(text).ok())??;
            let is_plain = members.repeated().is_none() && members.find(METADATA).is_none();
            let body = text.strip_suffix('}').filter(|_| is_plain)?;
            let comma = if members.0.is_empty() { "" } else { "," };
            Some(format!("{body}{comma}"))
        };
        let text = std::str::from_utf8(event).ok();
        text.and_then(open).map_or_else(|| Self::text(event), Self::Members)
    }

    /// The event as a string.
    pub(super) fn text(event: &'a [u8]) -> Self {
        let quoted = std::str::from_utf8(event).map(|text| Value::from(text).to_string());
        match quoted {
            Ok(quoted) if quoted.len() <= event.len() + 2 + MAX_ESCAPES => Self::Text(quoted),
            _ => Self::Base64(event),
        }
    }
}

/// The event of an object that has its members, and the metadata: byte for byte as long as no other tool has rewritten it.
pub(super) fn without_metadata(object: &RawValue, members: &Members<'_>) -> Vec<u8> {
    cut_out(object.get(), members).unwrap_or_else(|| members.joined_without(METADATA))
}

/// The text without its last member, if that is the metadata.
fn cut_out(object: &str, members: &Members<'_>) -> Option<Vec<u8>> {
    let (_, metadata) = members.0.last().filter(|(name, _)| name == METADATA)?;
    let before = object.strip_suffix('}')?.strip_suffix(metadata.get())?;
    let before = before.strip_suffix(&format!("\"{METADATA}\":"))?;
    let body = match members.0.len() {
        1 => before,
        _ => before.strip_suffix(',')?,
    };
    Some([body, "}"].concat().into_bytes())
}

/// The bytes in base64.
pub(super) fn from_base64(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    BASE64_STANDARD.decode(text)
}
