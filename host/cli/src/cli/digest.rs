//! The digest of a policy, as a person reads and types it: its first digits.

use std::str::FromStr;

use super::words::visible;

/// The fewest digits that a person may type.
const DIGITS: usize = 8;
/// The digits that are shown.
const SHOWN: usize = 12;

/// The beginning of a policy's digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DigestPrefix(String);

impl DigestPrefix {
    pub(super) fn matches(&self, digest: &str) -> bool {
        digest.starts_with(self.0.as_str())
    }
}

impl FromStr for DigestPrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
        if hex.len() >= DIGITS && hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            Ok(Self(format!("sha256:{hex}")))
        } else {
            Err(format!(
                "a digest has at least {DIGITS} hexadecimal digits, such as sha256:9f86d081"
            ))
        }
    }
}

/// The first digits of a digest, for people.
pub(super) fn short(digest: &str) -> String {
    visible(digest.strip_prefix("sha256:").unwrap_or(digest))
        .chars()
        .take(SHOWN)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::DigestPrefix;

    #[test]
    fn eight_digits_of_a_digest_are_enough() {
        let prefix = DigestPrefix("sha256:9f86d081".to_owned());
        assert_eq!("sha256:9F86D081".parse().as_ref(), Ok(&prefix));
        assert_eq!("9f86d081".parse().as_ref(), Ok(&prefix));
        assert!(prefix.matches("sha256:9f86d081884c"));
        for wrong in ["", "3", "sha256:", "sha256:9f86d08", "sha256:9f86d08x"] {
            assert!(wrong.parse::<DigestPrefix>().is_err(), "{wrong}");
        }
    }
}
