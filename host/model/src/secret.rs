//! Tokens: compared in constant time, never logged. Knows nothing of where a token comes from.

use std::{ffi::OsStr, fmt};

use subtle::ConstantTimeEq;

/// A token that must not appear in any log.
#[derive(Clone)]
pub struct Secret(String);

/// Not every client can show this token in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token is one line of visible ASCII characters, without spaces or a line end around it")]
pub struct NotAToken;

impl Secret {
    /// The token in a variable; `None`: it is empty, and there is no token.
    pub fn parse(value: &OsStr) -> Result<Option<Self>, NotAToken> {
        let token = value.to_str().ok_or(NotAToken)?;
        let is_visible = token.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !is_visible || token.trim() != token {
            return Err(NotAToken);
        }
        Ok((!token.is_empty()).then(|| Self(token.to_owned())))
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

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    use super::{NotAToken, Secret};

    #[test]
    fn a_token_is_what_a_header_can_carry() {
        let parse = |token: &[u8]| Secret::parse(OsStr::from_bytes(token)).map(|token| token.map(|token| token.0));
        assert_eq!(parse(b"s3cret="), Ok(Some("s3cret=".to_owned())));
        assert_eq!(parse(b"two words"), Ok(Some("two words".to_owned())));
        assert_eq!(parse(b""), Ok(None));
        for bad in [
            &b"a\n"[..],
            b"a\nb",
            b"\xff\xfeabc",
            " é".as_bytes(),
            b" a",
            b"a ",
            b" ",
            b"a\tb",
            b"a\x01b",
            b"a\x7f",
        ] {
            assert_eq!(parse(bad), Err(NotAToken), "{bad:?}");
        }
    }
}
