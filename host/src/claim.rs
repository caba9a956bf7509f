//! Claims: the record that makes an event's processing happen once.
//!
//! A claim is made before anything is sent and marked done after all of it is. Whoever finds a claim reads in it what
//! to do: a done one is a repeat, a live lease is another gate at work, an expired one is taken over, and where gates cannot
//! share a store, that of a process before too. A delivery that is put aside leaves its claim held for the turn in which it comes back. The digest in a claim tells a repeat from
//! another event that uses the same id. That an event is given up is written into its claim before its dead letter is
//! sent: whoever takes over sends the dead letter too, and never the event.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    backend::{BackendError, Expected, Put, StateStore},
    clock, config,
    delivery::{Delivery, Origin},
    scheduled_retry::Failure,
};

/// Longest event id that is part of a key as it is.
const PLAIN_ID_BYTES: usize = 200;

/// Makes and keeps claims in a state store.
#[derive(Debug, Clone)]
pub struct Claims {
    store: Arc<dyn StateStore>,
    settings: config::Claims,
    /// Whether no other process is at work on the store: leases of others are then of the dead.
    is_alone: bool,
    /// This process, in its claims.
    name: Arc<str>,
}

/// What a gate may do with an event.
#[derive(Debug)]
pub enum Claim {
    /// It is this gate's: send, then mark it done, or leave it.
    Mine(Box<AcquiredClaim>),
    /// It came to its end before.
    Done,
    /// It is put aside for a later turn.
    Waiting,
    /// Someone is at it, for that long at most.
    Busy(Duration),
    /// The id was used by another event.
    Conflict,
}

/// A claim that this gate holds.
#[derive(Debug)]
pub struct AcquiredClaim {
    key: String,
    record: Record,
    etag: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    digest: String,
    state: State,
    /// Milliseconds since 1970 until which the lease holds.
    lease_until: i64,
    /// How often the delivery was put aside that made the claim, or for which it is held.
    #[serde(default)]
    turn: u32,
    /// The time by which the event was judged first, RFC 3339.
    #[serde(default)]
    at: Option<String>,
    /// Why it is given up, when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given_up: Option<Failure>,
    /// The process that made it; absent in what an earlier version wrote.
    #[serde(default)]
    by: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Somebody is at it.
    Leased,
    /// It is put aside.
    AcquiredClaim,
    /// It has come to its end.
    Done,
}

impl AcquiredClaim {
    /// The time by which the event was judged when it was claimed first, if that was another.
    pub fn judged_at(&self, delivery: &Delivery) -> Option<&str> {
        self.record.at.as_deref().filter(|at| *at != delivery.at)
    }

    /// Why the event is given up, when it is.
    pub fn given_up(&self) -> Option<&Failure> {
        self.record.given_up.as_ref()
    }
}

impl Claims {
    /// Claims in `store`. `is_alone`: as long as this process lives no other one claims anything there.
    pub fn new(store: Arc<dyn StateStore>, settings: config::Claims, is_alone: bool) -> Self {
        Self {
            store,
            settings,
            is_alone,
            name: format!("{}@{}", std::process::id(), clock::unix_millis()).into(),
        }
    }

    /// Tries to claim an event for a delivery of it.
    pub async fn claim(&self, event_id: &str, delivery: &Delivery) -> Result<Claim, BackendError> {
        let key = key(event_id, &delivery.origin);
        let lease = self.lease(delivery);
        if let Put::Stored(etag) = self.put(&key, &lease, Expected::Absent).await? {
            return self.mine(key, lease, etag).await;
        }
        // When it was there a moment ago its time was up, and the next delivery finds the way free.
        let met = self.meet(key, lease).await?;
        Ok(met.unwrap_or(Claim::InProgress(Duration::ZERO)))
    }

    /// What an event may do that has a claim already. `None`: it has none, and none is made.
    pub async fn claimed(&self, event_id: &str, delivery: &Delivery) -> Result<Option<Claim>, BackendError> {
        self.meet(key(event_id, &delivery.origin), self.lease(delivery)).await
    }

    fn lease(&self, delivery: &Delivery) -> Record {
        Record {
            digest: hex::encode(Sha256::digest(&delivery.event)),
            state: State::Leased,
            lease_until: clock::unix_millis() + clock::millis(self.settings.lease),
            turn: delivery.history.turn,
            at: Some(delivery.at.clone()),
            given_up: None,
            by: Some((*self.name).to_owned()),
        }
    }

    /// Reads in a claim that is there what to do, and takes it over when nobody is at it.
    async fn meet(&self, key: String, mut lease: Record) -> Result<Option<Claim>, BackendError> {
        let Some((found, etag)) = self.find(&key).await? else {
            return Ok(None);
        };
        let left = found.lease_until - clock::unix_millis();
        let is_stale = self.is_alone && found.by != lease.by;
        Ok(Some(match found.state {
            _ if found.digest != lease.digest => Claim::Conflict,
            State::Done => Claim::Done,
            _ if found.turn > lease.turn => Claim::Scheduled,
            State::Leased if left > 0 && !is_stale => Claim::InProgress(Duration::from_millis(left.unsigned_abs())),
            State::Leased | State::AcquiredClaim => {
                lease.at = found.at.or(lease.at);
                lease.given_up = found.given_up;
                match self.put(&key, &lease, Expected::Version(&etag)).await? {
                    Put::Stored(etag) => self.mine(key, lease, etag).await?,
                    Put::Conflict => Claim::InProgress(self.settings.lease),
                }
            }
        }))
    }

    /// Whether a dead letter was brought back.
    pub async fn is_redriven(&self, dead_letter: &str) -> Result<bool, BackendError> {
        Ok(self.store.get(&redrive_key(dead_letter)).await?.is_some())
    }

    /// Writes down that the event is given up, before its dead letter is sent. False: another gate has taken it over.
    pub async fn give_up(&self, held: &mut AcquiredClaim, failure: &Failure) -> Result<bool, BackendError> {
        let record = Record {
            given_up: Some(failure.clone()),
            ..held.record.clone()
        };
        let Put::Stored(etag) = self.put(&held.key, &record, Expected::Version(&held.etag)).await? else {
            return Ok(false);
        };
        match self.mine(held.key.clone(), record, etag).await? {
            Claim::Acquired(again) => {
                *held = *again;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Writes down that an event is given up that the policy cannot judge, and so has no claim.
    pub async fn record_fault(&self, delivery: &Delivery, failure: &Failure) -> Result<(), BackendError> {
        let key = unjudged_key(delivery);
        let json =
            serde_json::to_vec(failure).map_err(|error| BackendError::broken(format!("writing {key:?}"), error))?;
        // What is there already says the same.
        let keep = self.settings.keep;
        self.store.put(&key, &json, Expected::Absent, keep).await.map(drop)
    }

    /// Why an event is given up that the policy could not judge, when it is.
    pub async fn recorded_fault(&self, delivery: &Delivery) -> Result<Option<Failure>, BackendError> {
        let key = unjudged_key(delivery);
        let Some(found) = self.store.get(&key).await? else {
            return Ok(None);
        };
        serde_json::from_slice(&found.record)
            .map(Some)
            .map_err(|error| BackendError::broken(format!("reading {key:?}"), error))
    }

    /// The event came to its end: repeats will be recognised.
    pub async fn done(&self, held: &AcquiredClaim) -> Result<(), BackendError> {
        self.mark(held, State::Done, held.record.turn, Duration::ZERO).await
    }

    /// The event is put aside for as long as `wait`, until its `turn`: repeats before it will be recognised.
    pub async fn hold(&self, held: &AcquiredClaim, turn: u32, wait: Duration) -> Result<(), BackendError> {
        self.mark(held, State::AcquiredClaim, turn, wait).await
    }

    /// Nothing came of it: the next delivery may try at once.
    pub async fn release(&self, held: &AcquiredClaim) -> Result<(), BackendError> {
        self.mark(held, State::Leased, held.record.turn, Duration::ZERO).await
    }

    async fn mark(&self, held: &AcquiredClaim, state: State, turn: u32, wait: Duration) -> Result<(), BackendError> {
        let record = Record {
            state,
            turn,
            lease_until: 0,
            ..held.record.clone()
        };
        // A conflict means that the lease was over and another gate has taken the event: it is its to mark.
        self.put_for(
            &held.key,
            &record,
            Expected::Version(&held.etag),
            wait + self.settings.keep,
        )
        .await
        .map(drop)
    }

    /// The claim that was just stored, with the tag of its version: read back where the store did not say.
    async fn mine(&self, key: String, record: Record, etag: Option<String>) -> Result<Claim, BackendError> {
        let etag = match etag {
            Some(etag) => etag,
            None => match self.find(&key).await? {
                Some((found, etag)) if found == record => etag,
                _ => return Ok(Claim::InProgress(self.settings.lease)),
            },
        };
        Ok(Claim::Acquired(Box::new(AcquiredClaim { key, record, etag })))
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
        self.put_for(key, record, expected, self.settings.keep).await
    }

    async fn put_for(
        &self,
        key: &str,
        record: &Record,
        expected: Expected<'_>,
        keep: Duration,
    ) -> Result<Put, BackendError> {
        let json = serde_json::to_vec(record)
            .map_err(|error| BackendError::broken(format!("writing the claim {key:?}"), error))?;
        self.store.put(key, &json, expected, keep).await
    }
}

/// `event-{event_id}`; what a person brings back has a key of its own. State stores refuse some characters and long keys:
/// such ids are hashed.
fn key(event_id: &str, origin: &Origin) -> String {
    match origin {
        Origin::Producer | Origin::Consumer { .. } => format!("event-{}", plain(event_id)),
        Origin::Redrive { dead_letter, .. } => redrive_key(dead_letter),
    }
}

fn redrive_key(dead_letter: &str) -> String {
    format!("redrive-{}", plain(dead_letter))
}

fn unjudged_key(delivery: &Delivery) -> String {
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
mod tests;
