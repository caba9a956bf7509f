//! The digest by which a policy is told from all others. Knows bytes and nothing else.

use std::fmt;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// SHA-256 of a policy's file, or of the code and the bundle of one that is made of files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Of the bytes of a policy's file.
    pub fn of(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hex::encode(Sha256::digest(bytes))))
    }

    /// Of a policy that is made of a bundle, by the prebuilt component of this digest.
    #[must_use]
    pub fn with_bundle(&self, bundle: &str) -> Self {
        Self::of(format!("{self}\n{bundle}").as_bytes())
    }

    /// Such as `sha256:9f86d0…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 hexadecimal digits alone.
    pub fn hex(&self) -> &str {
        self.0.trim_start_matches("sha256:")
    }

    /// The first twelve digits: enough for people.
    pub fn short(&self) -> &str {
        &self.hex()[..12]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
