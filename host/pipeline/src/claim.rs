//! Claims: the record that makes an event's processing happen once.
//!
//! A claim is acquired before anything is published and marked done after all of it is. Its state tells whoever finds it
//! what to do: `done` is a duplicate; a live lease is in progress elsewhere; an expired lease is taken over, and so is any
//! lease of an earlier process where only one process uses the store. A scheduled retry leaves its claim `scheduled` for
//! the attempt in which it comes back. The digest in a claim tells a duplicate from another event with the same id. A
//! failure is written into the claim before the dead letter is published: a gate that takes over publishes the dead letter
//! too, and never the event.

mod record;

use std::{sync::Arc, time::Duration};

use tidegate_model::{
    backend::{BackendError, Expected, Put, StateStore, Written},
    clock,
    delivery::Delivery,
    scheduled_retry::Failure,
};

use self::record::{Record, State, fault_key, key, redrive_key};

/// How long claims hold.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Time after which the claim of a gate that died is taken over.
    pub lease: Duration,
    /// Time that a claim is kept after the event is done.
    pub keep: Duration,
}

/// Acquires and keeps claims in a state store.
#[derive(Debug, Clone)]
pub struct Claims {
    store: Arc<dyn StateStore>,
    settings: Settings,
    /// Whether no other process uses the store: leases of other owners are then stale.
    is_alone: bool,
    /// This process, in its claims.
    owner: Arc<str>,
}

/// What a gate may do with an event.
#[derive(Debug)]
pub enum Claim {
    /// The claim is this gate's: publish, then mark it done or release it.
    Acquired(Box<AcquiredClaim>),
    /// The event was processed before.
    Done,
    /// Its retry is scheduled.
    Scheduled,
    /// Another delivery of it is in progress, for that long at most.
    InProgress(Duration),
    /// The id was used by another event.
    Conflict,
}

/// A claim that this gate has acquired.
#[derive(Debug)]
pub struct AcquiredClaim {
    key: String,
    record: Record,
    etag: String,
}

impl AcquiredClaim {
    /// The time by which the event was decided on when it was claimed first, if that was another.
    pub fn judged_at(&self, delivery: &Delivery) -> Option<&str> {
        self.record.at.as_deref().filter(|at| *at != delivery.at)
    }

    /// Why the event is dead-lettered, when it is.
    pub fn failure(&self) -> Option<&Failure> {
        self.record.failure.as_ref()
    }
}

impl Claims {
    /// Claims in `store`, made by this process under the name `owner`. `is_alone`: as long as it lives no other one uses the
    /// store.
    pub fn new(store: Arc<dyn StateStore>, settings: Settings, owner: &str, is_alone: bool) -> Self {
        Self {
            store,
            settings,
            is_alone,
            owner: owner.into(),
        }
    }

    /// Tries to claim an event for a delivery of it.
    pub async fn claim(&self, event_id: &str, delivery: &Delivery) -> Result<Claim, BackendError> {
        let key = key(event_id, &delivery.origin);
        let lease = self.lease(delivery);
        if let Written::Stored(etag) = self.put(&key, &lease, Expected::Absent).await? {
            return self.acquired(key, lease, etag).await;
        }
        // When it was there a moment ago it has expired since, and the next delivery finds nothing.
        let found = self.find_and_take_over(key, lease).await?;
        Ok(found.unwrap_or(Claim::InProgress(Duration::ZERO)))
    }

    /// The claim of an event that has one; `None`: it has none, and none is made.
    pub async fn claimed(&self, event_id: &str, delivery: &Delivery) -> Result<Option<Claim>, BackendError> {
        self.find_and_take_over(key(event_id, &delivery.origin), self.lease(delivery))
            .await
    }

    /// Whether a dead letter was redriven.
    pub async fn is_redriven(&self, dead_letter: &str) -> Result<bool, BackendError> {
        Ok(self.store.get_one(&redrive_key(dead_letter)).await?.is_some())
    }

    /// Records the failure of an event before its dead letter is published. False: another gate has taken it over.
    pub async fn record_failure(&self, claim: &mut AcquiredClaim, failure: &Failure) -> Result<bool, BackendError> {
        let record = Record {
            failure: Some(failure.clone()),
            ..claim.record.clone()
        };
        let Written::Stored(etag) = self.put(&claim.key, &record, Expected::Version(&claim.etag)).await? else {
            return Ok(false);
        };
        match self.acquired(claim.key.clone(), record, etag).await? {
            Claim::Acquired(again) => {
                *claim = *again;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Records the failure of an event on which the policy faults: nobody has read its id, and so it has no claim.
    pub async fn record_fault(&self, delivery: &Delivery, failure: &Failure) -> Result<(), BackendError> {
        let key = fault_key(delivery);
        let record =
            serde_json::to_vec(failure).map_err(|error| BackendError::broken(format!("writing {key:?}"), error))?;
        let put = Put {
            key: &key,
            record: &record,
            // What is there already is the same.
            expected: Expected::Absent,
            keep: self.settings.keep,
        };
        self.store.put_one(put).await.map(drop)
    }

    /// The recorded failure of an event on which the policy faults, if there is one.
    pub async fn recorded_fault(&self, delivery: &Delivery) -> Result<Option<Failure>, BackendError> {
        let key = fault_key(delivery);
        let Some(found) = self.store.get_one(&key).await? else {
            return Ok(None);
        };
        serde_json::from_slice(&found.record)
            .map(Some)
            .map_err(|error| BackendError::broken(format!("reading {key:?}"), error))
    }

    /// The event is processed: duplicates will be recognised.
    pub async fn done(&self, claim: &AcquiredClaim) -> Result<(), BackendError> {
        self.mark(claim, State::Done, claim.record.times_scheduled, Duration::ZERO)
            .await
    }

    /// The retry of the event is scheduled after `delay`: duplicates before it will be recognised.
    pub async fn schedule(
        &self,
        claim: &AcquiredClaim,
        times_scheduled: u32,
        delay: Duration,
    ) -> Result<(), BackendError> {
        self.mark(claim, State::Scheduled, times_scheduled, delay).await
    }

    /// Nothing came of it: the next delivery may claim it at once.
    pub async fn release(&self, claim: &AcquiredClaim) -> Result<(), BackendError> {
        self.mark(claim, State::Leased, claim.record.times_scheduled, Duration::ZERO)
            .await
    }

    fn lease(&self, delivery: &Delivery) -> Record {
        Record::lease(delivery, self.settings.lease, &self.owner)
    }

    /// What a claim that is there allows; takes it over when nobody else is at work on the event.
    async fn find_and_take_over(&self, key: String, mut lease: Record) -> Result<Option<Claim>, BackendError> {
        let Some((found, etag)) = self.find(&key).await? else {
            return Ok(None);
        };
        let left = found.lease_until - clock::unix_millis();
        let is_stale = self.is_alone && found.owner != lease.owner;
        Ok(Some(match found.state {
            _ if found.digest != lease.digest => Claim::Conflict,
            State::Done => Claim::Done,
            _ if found.times_scheduled > lease.times_scheduled => Claim::Scheduled,
            State::Leased if left > 0 && !is_stale => Claim::InProgress(Duration::from_millis(left.unsigned_abs())),
            State::Leased | State::Scheduled => {
                lease.at = found.at.or(lease.at);
                lease.failure = found.failure;
                match self.put(&key, &lease, Expected::Version(&etag)).await? {
                    Written::Stored(etag) => self.acquired(key, lease, etag).await?,
                    Written::Conflict => Claim::InProgress(self.settings.lease),
                }
            }
        }))
    }

    async fn mark(
        &self,
        claim: &AcquiredClaim,
        state: State,
        times_scheduled: u32,
        delay: Duration,
    ) -> Result<(), BackendError> {
        let record = Record {
            state,
            times_scheduled,
            lease_until: 0,
            ..claim.record.clone()
        };
        let keep = delay + self.settings.keep;
        // On a conflict the lease had expired and another gate has taken over: the mark is its to make.
        self.put_for(&claim.key, &record, Expected::Version(&claim.etag), keep)
            .await
            .map(drop)
    }

    /// The claim that was just stored, with the tag of its version: read back where the store did not return it.
    async fn acquired(&self, key: String, record: Record, etag: Option<String>) -> Result<Claim, BackendError> {
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
        let Some(found) = self.store.get_one(key).await? else {
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

    async fn put(&self, key: &str, record: &Record, expected: Expected<'_>) -> Result<Written, BackendError> {
        self.put_for(key, record, expected, self.settings.keep).await
    }

    async fn put_for(
        &self,
        key: &str,
        record: &Record,
        expected: Expected<'_>,
        keep: Duration,
    ) -> Result<Written, BackendError> {
        let record = serde_json::to_vec(record)
            .map_err(|error| BackendError::broken(format!("writing the claim {key:?}"), error))?;
        let put = Put {
            key,
            record: &record,
            expected,
            keep,
        };
        self.store.put_one(put).await
    }
}
