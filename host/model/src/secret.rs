//! Tokens: compared in constant time, never logged. Knows nothing of where a token comes from.

use std::fmt;

use subtle::ConstantTimeEq;

/// A token that must not appear in any log.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A token, as configured.
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// True when `other` is this token. Takes the same time wherever they differ.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(other).into()
    }

    /// The token itself, for the request that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
