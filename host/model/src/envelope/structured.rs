//! A CloudEvent in the JSON format: the whole envelope is one JSON object. Knows no headers, and nothing of what is in an event.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::{Value, value::RawValue};

use super::flaw::Flaw;
use crate::attributes::Attributes;
use crate::members::Members;

/// A CloudEvent in the JSON format.
pub(super) struct CloudEvent<'a> {
    /// All but the version of the specification and the data.
    pub(super) attributes: Attributes,
    pub(super) data: Option<&'a RawValue>,
    pub(super) data_base64: Option<&'a RawValue>,
}

impl<'a> CloudEvent<'a> {
    /// `None`: it is no CloudEvent. A repeated member makes it unreadable, on purpose: two readers could read it differently.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Result<Self, Flaw>> {
        let members: Members<'a> = serde_json::from_slice(bytes).ok()?;
        // Nothing of a bare event is read here, since the policy's limits do not bound it yet.
        let version: Cow<'_, str> = serde_json::from_str(members.find("specversion")?.get()).ok()?;
        let has = |name| members.find(name).is_some();
        let is_cloud_event = version.starts_with("1.") || has("source") && has("type");
        is_cloud_event.then(|| Self::of(members, &version))
    }

    fn of(members: Members<'a>, version: &str) -> Result<Self, Flaw> {
        check_version(version)?;
        if let Some(name) = members.repeated() {
            return Err(Flaw::Twice(name.to_owned()));
        }
        let (mut data, mut data_base64, mut others) = (None, None, Vec::new());
        for (name, value) in members.0 {
            match &*name {
                "data" => data = Some(value),
                "data_base64" => data_base64 = Some(value),
                "specversion" => {}
                // What is nested too deeply to be read is none either.
                _ => others.push((
                    name,
                    serde_json::from_str(value.get()).unwrap_or(Value::Array(Vec::new())),
                )),
            }
        }
        Ok(Self {
            attributes: Attributes::of(others)?,
            data: data.filter(|data| data.get() != "null" || data_base64.is_none()),
            data_base64: data_base64.filter(|base64| base64.get() != "null"),
        })
    }

    /// Its data, out of the bytes that it was read from: JSON is part of the envelope as it is; text of another type is a JSON string.
    pub(super) fn event(&self, whole: &Bytes) -> Result<Bytes, Flaw> {
        match (self.data, self.data_base64) {
            (Some(data), None) => {
                let is_text = !self.attributes.text("datacontenttype").is_none_or(is_json);
                if is_text && let Ok(text) = serde_json::from_str::<String>(data.get()) {
                    return Ok(text.into());
                }
                Ok(whole.slice_ref(data.get().as_bytes()))
            }
            (None, Some(base64)) => {
                let base64: String = serde_json::from_str(base64.get()).map_err(|_| Flaw::NotBase64)?;
                Ok(BASE64_STANDARD.decode(base64).map_err(|_| Flaw::NotBase64)?.into())
            }
            (Some(_), Some(_)) => Err(Flaw::TwoData),
            (None, None) => Err(Flaw::NoData),
        }
    }
}

/// Whether a gate reads this version of the specification.
pub(super) fn check_version(version: &str) -> Result<(), Flaw> {
    version
        .starts_with("1.")
        .then_some(())
        .ok_or_else(|| Flaw::Version(version.to_owned()))
}

/// Whether the attributes are there that every CloudEvent has. The id is the last to be missed: a gate can make one.
pub(super) fn check_required(attributes: &Attributes) -> Result<(), Flaw> {
    let mut required = ["source", "type", "id"].into_iter();
    let is_missing = |name: &&str| attributes.text(name).is_none_or(str::is_empty);
    required
        .find(is_missing)
        .map_or(Ok(()), |name| Err(Flaw::Missing(name)))
}

/// Whether a media type is JSON.
pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json")
}
