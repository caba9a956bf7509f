//! Which revision a dead letter is of.

use std::str::FromStr;

use tidegate::dead_letter::DeadLetter;

/// Digits that a digest needs at least.
const DIGITS: usize = 8;

/// A revision, by its number or by its policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judge {
    /// Its number, in the gate that it judged in.
    Number(u64),
    /// The beginning of its policy's digest.
    Digest(String),
}

impl Judge {
    pub(super) fn judged(&self, letter: &DeadLetter) -> bool {
        match self {
            Self::Number(number) => letter.revision == Some(*number),
            Self::Digest(start) => letter.policy.starts_with(start.as_str()),
        }
    }
}

impl FromStr for Judge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(digits) = text.strip_prefix("sha256:") {
            let hex = digits.to_ascii_lowercase();
            return if hex.len() >= DIGITS && hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                Ok(Self::Digest(format!("sha256:{hex}")))
            } else {
                Err(format!("a digest is sha256: and {DIGITS} hexadecimal digits or more"))
            };
        }
        text.parse()
            .map(Self::Number)
            .map_err(|_| "it is neither the number of a revision nor the digest of a policy (sha256:…)".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Judge;

    #[test]
    fn a_revision_is_named_by_its_number_or_its_digest() {
        assert_eq!("3".parse(), Ok(Judge::Number(3)));
        assert_eq!(
            "sha256:9F86D081".parse(),
            Ok(Judge::Digest("sha256:9f86d081".to_owned()))
        );
        for wrong in ["", "-1", "sha256:", "sha256:9f86d08", "sha256:9f86d08x", "9f86d081"] {
            assert!(wrong.parse::<Judge>().is_err(), "{wrong}");
        }
    }
}
