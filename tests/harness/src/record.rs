//! Kafka records, byte for byte.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// A record to be written.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Its key; absent is not the same as empty.
    pub key: Option<Vec<u8>>,
    /// Its headers. A name appears once.
    pub headers: BTreeMap<String, Vec<u8>>,
    /// Its bytes; absent is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Where it goes; chosen by the key when absent, so that equal keys meet in one partition.
    pub partition: Option<i32>,
}

/// A record as the broker holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its partition.
    pub partition: i32,
    /// Its place there.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its headers.
    pub headers: BTreeMap<String, Vec<u8>>,
    /// Its bytes.
    pub value: Option<Vec<u8>>,
}

impl Record {
    /// A record without key and headers.
    pub fn new(value: impl Into<Vec<u8>>) -> Self {
        Self {
            value: Some(value.into()),
            ..Self::default()
        }
    }

    /// With a key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }
}

impl Stored {
    /// The key as text.
    pub fn key_text(&self) -> Option<&str> {
        std::str::from_utf8(self.key.as_deref()?).ok()
    }

    /// The value as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(self.value.as_deref().unwrap_or_default()).context("a record's value is not JSON")
    }
}
