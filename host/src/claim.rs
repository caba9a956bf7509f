//! Claims: the record that makes an event's processing happen once.
//!
//! A claim is made before anything is sent and marked done after all of it is. Whoever finds a claim reads in it what
//! to do: a done one is a repeat, a live lease is another gate at work, an expired one is taken over. The digest in it
//! tells a repeat from another event that uses the same id.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    backend::{BackendError, Expected, Put, StateStore},
    clock, config,
};

/// Longest event id that is part of a key as it is.
const PLAIN_ID_BYTES: usize = 200;

/// Makes and keeps claims in a state store.
#[derive(Debug, Clone)]
pub struct Claims {
    store: Arc<dyn StateStore>,
    settings: config::Claims,
}

/// What a gate may do with an event.
#[derive(Debug)]
pub enum Claim {
    /// It is this gate's: send, then mark it done, or release it.
    Mine(Held),
    /// It was done before.
    Repeat,
    /// Someone is at it, for that long at most.
    Busy(Duration),
    /// The id was used by another event.
    Conflict,
}

/// A claim that this gate holds.
#[derive(Debug)]
pub struct Held {
    key: String,
    digest: String,
    etag: String,
}

#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Record {
    digest: String,
    state: State,
    /// Milliseconds since 1970 until which the lease holds.
    lease_until: i64,
}

#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum State {
    Leased,
    Done,
}

impl Claims {
    /// Claims in `store`.
    pub fn new(store: Arc<dyn StateStore>, settings: config::Claims) -> Self {
        Self { store, settings }
    }

    /// Tries to claim the event with this id and these bytes.
    pub async fn claim(&self, event_id: &str, event: &[u8]) -> Result<Claim, BackendError> {
        let key = key(event_id);
        let digest = hex::encode(Sha256::digest(event));
        let lease = record(
            &digest,
            State::Leased,
            clock::unix_millis() + millis(self.settings.lease),
        );
        if let Put::Stored(etag) = self.put(&key, &lease, Expected::Absent).await? {
            return self.held(key, lease, etag).await;
        }
        let Some((found, etag)) = self.find(&key).await? else {
            // It was there a moment ago: its time was up. The next delivery finds the way free.
            return Ok(Claim::Busy(Duration::ZERO));
        };
        if found.digest != digest {
            return Ok(Claim::Conflict);
        }
        if found.state == State::Done {
            return Ok(Claim::Repeat);
        }
        if let Ok(left @ 1..) = u64::try_from(found.lease_until - clock::unix_millis()) {
            return Ok(Claim::Busy(Duration::from_millis(left)));
        }
        match self.put(&key, &lease, Expected::Version(&etag)).await? {
            Put::Stored(etag) => self.held(key, lease, etag).await,
            Put::Conflict => Ok(Claim::Busy(self.settings.lease)),
        }
    }

    /// Everything is sent: repeats will be recognised.
    pub async fn done(&self, held: &Held) -> Result<(), BackendError> {
        self.mark(held, State::Done).await
    }

    /// Not everything could be sent: the next delivery may try at once.
    pub async fn release(&self, held: &Held) -> Result<(), BackendError> {
        self.mark(held, State::Leased).await
    }

    async fn mark(&self, held: &Held, state: State) -> Result<(), BackendError> {
        let record = record(&held.digest, state, 0);
        // A conflict means that the lease was over and another gate has taken the event: it is its to mark.
        self.put(&held.key, &record, Expected::Version(&held.etag))
            .await
            .map(|_| ())
    }

    /// The claim that was just stored, with the tag of its version: read back where the store did not say.
    async fn held(&self, key: String, lease: Record, etag: Option<String>) -> Result<Claim, BackendError> {
        let etag = match etag {
            Some(etag) => etag,
            None => match self.find(&key).await? {
                Some((found, etag)) if found == lease => etag,
                _ => return Ok(Claim::Busy(self.settings.lease)),
            },
        };
        Ok(Claim::Mine(Held {
            key,
            digest: lease.digest,
            etag,
        }))
    }

    async fn find(&self, key: &str) -> Result<Option<(Record, String)>, BackendError> {
        let Some(found) = self.store.get(key).await? else {
            return Ok(None);
        };
        match serde_json::from_slice(&found.record) {
            Ok(record) => Ok(Some((record, found.etag))),
            Err(_) => Err(BackendError::refused(
                format!("reading the claim {key:?}"),
                "it is not a claim of this gate; does something else write under this key?",
            )),
        }
    }

    async fn put(&self, key: &str, record: &Record, expected: Expected<'_>) -> Result<Put, BackendError> {
        let json = serde_json::to_vec(record)
            .map_err(|error| BackendError::broken(format!("writing the claim {key:?}"), error))?;
        self.store.put(key, &json, expected, self.settings.keep).await
    }
}

fn record(digest: &str, state: State, lease_until: i64) -> Record {
    Record {
        digest: digest.to_owned(),
        state,
        lease_until,
    }
}

/// `event-{event_id}`. State stores refuse some characters and long keys: such ids are hashed.
fn key(event_id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+@".contains(&byte);
    if event_id.len() <= PLAIN_ID_BYTES && event_id.bytes().all(plain) && !event_id.starts_with("sha256:") {
        format!("event-{event_id}")
    } else {
        format!("event-sha256:{}", hex::encode(Sha256::digest(event_id)))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn ids_that_a_store_could_refuse_are_hashed() {
        assert_eq!(
            key("task.created-7-2026-03-01T09:30:00Z"),
            "event-task.created-7-2026-03-01T09:30:00Z"
        );
        for id in ["a||b", "a b", "ü", "a/b", &"x".repeat(201), "sha256:00"] {
            let key = key(id);
            assert!(key.starts_with("event-sha256:") && key.len() == 77, "{id:?}: {key}");
        }
    }
}
