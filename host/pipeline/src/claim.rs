//! Claims: the record that makes an event's processing happen once.
//!
//! A claim is acquired before the first output is published and marked done after the last one. Its state decides: `done`
//! is a duplicate; a live lease is in progress elsewhere; an expired lease is taken over. Where one process alone uses the
//! store, any lease of an earlier process is stale and taken over too. A scheduled retry leaves its claim `scheduled` for
//! the next attempt. The digest in a claim tells a duplicate from another event with the same id. A failure is recorded in
//! the claim before the dead letter is published: a gate that takes over publishes the dead letter too, and never the
//! event.
//!
//! Knows no policy and no sink.

mod record;

use std::{sync::Arc, time::Duration};

use tidegate_model::{
    backend::{Expected, Put, StateStore, Written},
    backend_error::BackendError,
    clock,
    delivery::Delivery,
    scheduled_retry::Failure,
};

use self::record::{Record, State, fault_key, key, redrive_key};

/// How long claims are valid.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Time after which another gate takes over a claim that is not done.
    pub lease: Duration,
    /// Time that a claim is kept after the event is processed.
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
    /// The time of the first decision on the event, if that is another than the delivery's.
    pub fn decided_at(&self, delivery: &Delivery) -> Option<&str> {
        self.record.at.as_deref().filter(|at| *at != delivery.at)
    }

    /// Why the event is dead-lettered, when it is.
    pub fn failure(&self) -> Option<&Failure> {
        self.record.failure.as_ref()
    }
}

impl Claims {
    /// Claims in `store`, of this process under the name `owner`. `is_alone`: no other process uses the store while this one
    /// runs.
    pub fn new(store: Arc<dyn StateStore>, settings: Settings, owner: &str, is_alone: bool) -> Self {
        Self {
            store,
            settings,
            is_alone,
            owner: owner.into(),
        }
    }

    /// Claims the event of a delivery. `digest`: that of the event, by which a duplicate is told from another event.
    pub async fn claim(&self, claim: &str, digest: &str, delivery: &Delivery) -> Result<Claim, BackendError> {
        let key = key(claim, &delivery.origin);
        let lease = self.lease(digest, delivery);
        if let Written::Stored(etag) = self.put(&key, &lease, Expected::Absent).await? {
            return self.acquired(key, lease, etag).await;
        }
        // A claim that was present a moment ago has expired since: a redelivery acquires it.
        let found = self.find_and_take_over(key, lease).await?;
        Ok(found.unwrap_or(Claim::InProgress(Duration::ZERO)))
    }

    /// The claim of an event, where there is one; `None`: there is none, and none is made.
    pub async fn claimed(&self, claim: &str, digest: &str, delivery: &Delivery) -> Result<Option<Claim>, BackendError> {
        self.find_and_take_over(key(claim, &delivery.origin), self.lease(digest, delivery))
            .await
    }

    /// Whether a request is the first under its name, or the same as the first. Its name is kept as long as a claim.
    pub async fn is_same_request(&self, name: &str, digest: &str) -> Result<bool, BackendError> {
        let key = format!("request-{name}");
        let put = Put {
            key: &key,
            record: digest.as_bytes(),
            expected: Expected::Absent,
            keep: self.settings.keep,
        };
        if let Written::Stored(_) = self.store.put_one(put).await? {
            return Ok(true);
        }
        let found = self.store.get_one(&key).await?;
        Ok(found.is_none_or(|found| found.record == digest.as_bytes()))
    }

    /// Whether a dead letter was redriven.
    pub async fn is_redriven(&self, dead_letter: &str) -> Result<bool, BackendError> {
        Ok(self.store.get_one(&redrive_key(dead_letter)).await?.is_some())
    }

    /// Records the failure of an event before its dead letter is published. False: another gate has taken the claim over.
    pub async fn record_failure(&self, claim: &mut AcquiredClaim, failure: &Failure) -> Result<bool, BackendError> {
        let record = Record {
            failure: Some(failure.clone()),
            ..claim.record.clone()
        };
        let Written::Stored(etag) = self.put(&claim.key, &record, Expected::Version(&claim.etag)).await? else {
            return Ok(false);
        };
        match self.acquired(claim.key.clone(), record, etag).await? {
            Claim::Acquired(updated) => {
                *claim = *updated;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Records the failure of an event on which the policy faults: its id is not known, so it has no claim.
    pub async fn record_fault(&self, delivery: &Delivery, failure: &Failure) -> Result<(), BackendError> {
        let key = fault_key(delivery);
        let record =
            serde_json::to_vec(failure).map_err(|error| BackendError::broken(format!("writing {key:?}"), error))?;
        let put = Put {
            key: &key,
            record: &record,
            // A record that is present already is the same.
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

    /// The attempt failed: the next delivery may claim the event at once.
    pub async fn release(&self, claim: &AcquiredClaim) -> Result<(), BackendError> {
        self.mark(claim, State::Leased, claim.record.times_scheduled, Duration::ZERO)
            .await
    }

    fn lease(&self, digest: &str, delivery: &Delivery) -> Record {
        Record::lease(digest, delivery, self.settings.lease, &self.owner)
    }

    /// The claim that is present; takes it over unless the event is in progress elsewhere.
    async fn find_and_take_over(&self, key: String, mut lease: Record) -> Result<Option<Claim>, BackendError> {
        let Some((found, etag)) = self.find(&key).await? else {
            return Ok(None);
        };
        let remaining = found.lease_until - clock::unix_millis();
        let is_stale = self.is_alone && found.owner != lease.owner;
        Ok(Some(match found.state {
            _ if found.digest != lease.digest => Claim::Conflict,
            State::Done => Claim::Done,
            _ if found.times_scheduled > lease.times_scheduled => Claim::Scheduled,
            State::Leased if remaining > 0 && !is_stale => {
                Claim::InProgress(Duration::from_millis(remaining.unsigned_abs()))
            }
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
        // On a conflict another gate has taken over the expired lease, and will mark the claim itself.
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
