//! An event that is dead-lettered, and the ids of what is published then. Knows no form of a dead letter.

use tidegate_engine::Violation;
use uuid::Uuid;

use super::names::Names;
use crate::attributes::Attributes;

/// The namespace of the ids of dead letters and alerts: the UUID (version 5) of `tidegate:dead-letter` in the URL namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x52cd_dad3_2bb6_5c95_9fb2_283b_d799_b261);

/// An event that is dead-lettered, and why.
#[derive(Debug, Clone)]
pub struct FailedEvent<'a> {
    /// The event, byte for byte.
    pub event: &'a [u8],
    /// Its attributes.
    pub attributes: &'a Attributes,
    /// Its names, as far as they could be read.
    pub names: &'a Names,
    /// Why, in one line.
    pub error: &'a str,
    /// Retries made after the first attempt.
    pub retry_count: u32,
    /// What is wrong with it; empty when it is valid and could not be published.
    pub violations: &'a [Violation],
    /// Where it came from, such as `orders/3@1042`. The id of the dead letter is derived from this, the event and its attributes.
    pub source: &'a str,
    /// Digest of the policy that decided on it.
    pub policy: &'a str,
}

/// The id that follows from some parts. The length of each is included, so that no two lists give the same.
pub(super) fn derived_id(parts: &[&[u8]]) -> String {
    let mut name = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        name.extend_from_slice(&(part.len() as u64).to_le_bytes());
        name.extend_from_slice(part);
    }
    Uuid::new_v5(&NAMESPACE, &name).hyphenated().to_string()
}
