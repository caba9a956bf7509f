//! What the property tests, the corpus test and the fuzz target have in common: one check that must hold for any bytes.

use std::collections::HashSet;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use tidegate_policy::{Context, Decision, MigrationCause, Policy, RejectionCause};

/// The time by which everything is judged.
pub(crate) const NOW: &str = "2026-03-02T17:00:00Z";

/// Compares the policy with itself and with `serde_json`, for any bytes.
///
/// # Panics
/// When a promise is broken.
pub(crate) fn check(bytes: &[u8]) {
    let policy = Policy::builtin();
    let validated = policy.validate(bytes, &[]);
    let decided = policy.process(bytes, &[], &context(None));

    match &validated {
        Ok(accepted) => {
            assert!(accepted.key.as_deref().is_some_and(|key| !key.trim().is_empty()));
            assert_eq!(accepted.claim.as_ref(), Some(&accepted.event_id));
            check_migrations(bytes);
        }
        Err(rejection) => {
            assert!(!rejection.violations.is_empty());
            assert_eq!(decided.decision, Decision::Reject);
            assert_eq!(decided.violations, rejection.violations);
            assert!(
                rejection
                    .violations
                    .is_sorted_by_key(|violation| (&violation.path, &violation.code))
            );
        }
    }
    let readable = !matches!(&validated, Err(rejection) if rejection.cause == RejectionCause::Unreadable);
    if let Some(expected) = oracle(bytes) {
        assert_eq!(
            readable,
            expected,
            "reads as serde_json does: {}",
            String::from_utf8_lossy(bytes)
        );
    }

    assert_eq!(decided.decision == Decision::Forward, !decided.outputs.is_empty());
    for output in &decided.outputs {
        let text = output.event.as_deref().map_or(bytes, str::as_bytes);
        let accepted = policy.validate(text, &[]).expect("what is forwarded is valid");
        assert_eq!(
            (&accepted.event_id, &accepted.event_type, &accepted.key),
            (&output.id, &output.event_type, &output.key)
        );
    }
}

/// The context with a target version or none.
pub(crate) fn context(target_version: Option<&str>) -> Context {
    Context {
        now: NOW.to_owned(),
        target_version: target_version.map(str::to_owned),
        handed_back: false,
    }
}

/// A valid event migrates up and down, and what comes out is valid in the version that was asked for.
fn check_migrations(bytes: &[u8]) {
    let policy = Policy::builtin();
    for target in ["1.0", "1.1"] {
        match policy.migrate(bytes, &[], target) {
            Ok(migrated) => {
                let text = migrated.event.as_deref().map_or(bytes, str::as_bytes);
                assert_eq!(policy.validate(text, &[]).expect("valid").event_version, target);
            }
            Err(failure) => assert_ne!(failure.cause, MigrationCause::Rejected),
        }
    }
}

/// Whether `serde_json` reads the bytes as one object of at most 128 levels without a member twice. No answer for what
/// it cannot be asked: text that could exhaust its stack, text beyond the limit, and its private name for numbers.
fn oracle(bytes: &[u8]) -> Option<bool> {
    let brackets = bytes.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
    let private = bytes.windows(13).any(|window| window == b"$serde_json::");
    if bytes.len() > 1 << 20 || brackets > 1000 || private {
        return None;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Some(false);
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let Ok(Strict { depth, unique, object }) = Strict::deserialize(&mut reader) else {
        return Some(false);
    };
    Some(reader.end().is_ok() && depth <= 128 && unique && object)
}

/// What the oracle looks for in a value.
struct Strict {
    depth: usize,
    unique: bool,
    object: bool,
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

const SCALAR: Strict = Strict {
    depth: 0,
    unique: true,
    object: false,
};

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(SCALAR)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Strict, E> {
        Ok(SCALAR)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Strict, E> {
        Ok(SCALAR)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Strict, E> {
        Ok(SCALAR)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Strict, E> {
        Ok(SCALAR)
    }

    fn visit_str<E>(self, _: &str) -> Result<Strict, E> {
        Ok(SCALAR)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        let mut all = Strict { depth: 1, ..SCALAR };
        while let Some(item) = items.next_element::<Strict>()? {
            all.depth = all.depth.max(item.depth + 1);
            all.unique &= item.unique;
        }
        Ok(all)
    }

    /// `serde_json` hands some numbers over as objects with one member of this name.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Strict, A::Error> {
        let mut all = Strict {
            depth: 1,
            unique: true,
            object: true,
        };
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value::<Strict>()?;
            if name == "$serde_json::private::Number" {
                return Ok(SCALAR);
            }
            all.depth = all.depth.max(value.depth + 1);
            all.unique &= value.unique && names.insert(name);
        }
        Ok(all)
    }
}
