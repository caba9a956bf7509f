//! CloudEvents in binary mode: their attributes are headers, and the body is the event. Knows no HTTP and no Kafka.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde_json::Value;

use super::flaw::Flaw;
use super::structured::{check_required, check_version};
use crate::attributes::Attributes;

/// The headers of a body that say something of its event.
#[derive(Debug, Clone)]
pub struct Headers {
    /// Names of attributes, without the prefix of the transport, and their values as they stand there.
    pub attributes: Vec<(String, Vec<u8>)>,
    /// The media type of the body, where it is the producer's own.
    pub content_type: Option<String>,
    /// How the values are escaped.
    pub escaping: Escaping,
    /// How many attributes were too long or too many to be read.
    pub left_out: u32,
}

/// How the values of headers are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escaping {
    /// `%20` for a space, as CloudEvents over HTTP are.
    Percent,
    /// `+` for a space, and `%2B` for a plus, as `escapeHeaders` of a Dapr component does it.
    Query,
}

impl Headers {
    /// None: of an entrance that has none.
    pub const NONE: Self = Self {
        attributes: Vec::new(),
        content_type: None,
        escaping: Escaping::Percent,
        left_out: 0,
    };

    /// Those of some headers that begin with `prefix`; what follows it is the name of an attribute.
    pub fn with_prefix<'a>(
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        prefix: &str,
        escaping: Escaping,
    ) -> Self {
        let attribute = |(name, value): (&str, &[u8])| Some((name.strip_prefix(prefix)?.to_owned(), value.to_vec()));
        Self {
            attributes: headers.into_iter().filter_map(attribute).collect(),
            escaping,
            ..Self::NONE
        }
    }

    /// The text in the value of one header.
    pub fn text(value: &[u8], escaping: Escaping) -> Option<String> {
        String::from_utf8(unescaped(value, escaping)).ok()
    }

    /// Whether the body is an event in binary mode, whatever is wrong with it. An extension alone makes none: tracers add headers to
    /// bare events.
    pub(super) fn are_of_an_event(&self) -> bool {
        let is_required = |(name, _): &(String, _)| matches!(&**name, "specversion" | "id" | "source" | "type");
        self.left_out > 0 || self.attributes.iter().any(is_required)
    }

    /// The attributes that can be read, and what is wrong with the others.
    pub(super) fn read(&self) -> (Attributes, Option<Flaw>) {
        let mut flaw = (self.left_out > 0).then_some(Flaw::LeftOut(self.left_out));
        let mut version = None;
        let mut texts: Vec<(String, Value)> = Vec::new();
        for (name, value) in &self.attributes {
            match Self::text(value, self.escaping) {
                Some(text) if name == "specversion" => version = Some(text),
                Some(_) if texts.iter().any(|(other, _)| other == name) => {
                    flaw.get_or_insert_with(|| Flaw::Twice(name.clone()));
                }
                Some(text) => texts.push((name.clone(), text.into())),
                None => {
                    flaw.get_or_insert_with(|| Flaw::NotUtf8(name.clone()));
                }
            }
        }
        let has_type = texts.iter().any(|(name, _)| name == "datacontenttype");
        if let Some(content_type) = self.content_type.as_ref().filter(|_| !has_type) {
            texts.push(("datacontenttype".to_owned(), content_type.as_str().into()));
        }
        let attributes = match Attributes::of(texts) {
            Ok(attributes) => attributes,
            Err(bad) => return (Attributes::default(), Some(flaw.unwrap_or_else(|| bad.into()))),
        };
        let version = version.ok_or(Flaw::Missing("specversion"));
        let checked = version.and_then(|version| check_version(&version));
        let checked = checked.and_then(|()| check_required(&attributes));
        (attributes, flaw.or(checked.err()))
    }
}

fn unescaped(value: &[u8], escaping: Escaping) -> Vec<u8> {
    let space = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    let value = match escaping {
        Escaping::Percent => Cow::Borrowed(value),
        Escaping::Query => value.iter().map(space).collect(),
    };
    percent_decode(&value).collect()
}
