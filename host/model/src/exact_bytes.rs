//! Bytes in JSON: text where they are UTF-8, else base64. For `#[serde(with)]`.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Exact<'a> {
    #[serde(borrow)]
    Text(Cow<'a, str>),
    #[serde(borrow)]
    Base64(Cow<'a, str>),
}

pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    let exact = match std::str::from_utf8(bytes) {
        Ok(text) => Exact::Text(text.into()),
        Err(_) => Exact::Base64(BASE64_STANDARD.encode(bytes).into()),
    };
    exact.serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    match Exact::deserialize(deserializer)? {
        Exact::Text(text) => Ok(text.into_owned().into()),
        Exact::Base64(text) => Ok(BASE64_STANDARD.decode(&*text).map_err(D::Error::custom)?.into()),
    }
}
