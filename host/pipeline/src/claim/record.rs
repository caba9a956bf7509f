//! The record of a claim, and the key that it is stored under. Knows no store.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tidegate_model::{
    clock,
    delivery::{Delivery, Origin},
    scheduled_retry::Failure,
};

/// The longest claim or id that is part of a key as it is, in bytes.
const PLAIN_ID_BYTES: usize = 200;

/// The record of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// SHA-256 of the event.
    pub(super) digest: String,
    pub(super) state: State,
    /// When the lease expires, milliseconds since 1970.
    pub(super) lease_until: i64,
    /// How often a retry was scheduled for the delivery that has the claim, or that the claim waits for.
    pub(super) times_scheduled: u32,
    /// The time of the first decision, RFC 3339.
    pub(super) at: Option<String>,
    /// Why it is dead-lettered, when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure>,
    /// The process that acquired it.
    pub(super) owner: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// In progress.
    Leased,
    /// Its retry is scheduled.
    Scheduled,
    /// Processed.
    Done,
}

impl Record {
    /// A lease from now on.
    pub(super) fn lease(digest: &str, delivery: &Delivery, lease: Duration, owner: &str) -> Self {
        Self {
            digest: digest.to_owned(),
            state: State::Leased,
            lease_until: clock::unix_millis() + clock::millis(lease),
            times_scheduled: delivery.history.times_scheduled,
            at: Some(delivery.at.clone()),
            failure: None,
            owner: owner.to_owned(),
        }
    }
}

/// `event-{claim}`; a redriven event has a key of its own. State stores refuse some characters and long keys: such claims
/// are hashed.
pub(super) fn key(claim: &str, origin: &Origin) -> String {
    match origin {
        Origin::Producer | Origin::Consumer { .. } => format!("event-{}", plain(claim)),
        Origin::Redrive { dead_letter, .. } => redrive_key(dead_letter),
    }
}

pub(super) fn redrive_key(dead_letter: &str) -> String {
    format!("redrive-{}", plain(dead_letter))
}

pub(super) fn fault_key(delivery: &Delivery) -> String {
    format!("fault-{}", delivery.digest())
}

fn plain(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+@".contains(&byte);
    if id.len() <= PLAIN_ID_BYTES && id.bytes().all(plain) && !id.starts_with("sha256:") {
        id.to_owned()
    } else {
        format!("sha256:{}", hex::encode(Sha256::digest(id)))
    }
}

#[cfg(test)]
mod tests {
    use tidegate_model::delivery::Origin;

    use super::key;

    #[test]
    fn ids_that_a_store_may_refuse_are_hashed() {
        let key = |id: &str| key(id, &Origin::Producer);
        assert_eq!(
            key("task.created-7-2026-03-01T09:30:00Z"),
            "event-task.created-7-2026-03-01T09:30:00Z"
        );
        for id in ["a||b", "a b", "ü", "a/b", &"x".repeat(201), "sha256:00"] {
            let key = key(id);
            assert!(key.starts_with("event-sha256:") && key.len() == 77, "{id:?}: {key}");
        }
    }

    #[test]
    fn a_redriven_event_has_a_claim_of_its_own() {
        let redrive = Origin::Redrive {
            dead_letter: "d-1".to_owned(),
            source: "task-events@0".to_owned(),
        };
        assert_eq!(key("e-1", &redrive), "redrive-d-1");
    }
}
