//! Instances: made fresh for a call, or used again after one.
//!
//! An instance is used again only after a clean call. A trap, a deadline, an abandoned call: it is dropped where it
//! stands, so that no call ever meets memory that another one left half-written.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::{
    Store,
    component::{Instance, InstancePre},
};

use crate::{
    options::{Isolation, Limits},
    sandbox::Sandbox,
    ticker::{Ticker, Ticking},
};

/// The place that all policies of an engine share: so many instances, at work or idle.
pub(crate) struct Concurrency {
    turns: Semaphore,
    size: usize,
    /// Those that wait for another call, with their policy's number; the one that has waited longest comes first.
    idle: Mutex<VecDeque<(u64, Live)>>,
    policies: AtomicU64,
    ticker: Ticker,
}

/// The right to have one instance at work.
pub(crate) struct Permit<'a> {
    concurrency: &'a Concurrency,
    _permit: Option<SemaphorePermit<'a>>,
    _ticking: Ticking<'a>,
}

/// An instance with its store.
pub(crate) struct Live {
    pub(crate) store: Store<Sandbox>,
    pub(crate) instance: Instance,
}

/// Makes the instances of one policy.
pub(crate) struct Instances {
    pre: InstancePre<Sandbox>,
    limits: Limits,
    isolation: Isolation,
    concurrency: Arc<Concurrency>,
    /// Tells its instances from those of other policies.
    number: u64,
}

impl Concurrency {
    pub(crate) fn new(size: u32, ticker: Ticker) -> Arc<Self> {
        Arc::new(Self {
            turns: Semaphore::new(size as usize),
            size: size as usize,
            idle: Mutex::default(),
            policies: AtomicU64::new(0),
            ticker,
        })
    }

    /// Waits for a permit.
    pub(crate) async fn permit(&self) -> Permit<'_> {
        Permit {
            concurrency: self,
            // Never closed, so this waits for concurrency and no more.
            _permit: self.turns.acquire().await.ok(),
            _ticking: self.ticking(),
        }
    }

    /// Has deadlines come to pass; a permit does so too.
    pub(crate) fn ticking(&self) -> Ticking<'_> {
        self.ticker.ticking()
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(u64, Live)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// An instance of this policy that waits for another call. When there is none, one of another policy may have to make
    /// way for a new one.
    fn idle(&self, number: u64) -> Option<Live> {
        let mut idle = self.concurrency.idle();
        if let Some(place) = idle.iter().rposition(|(policy, _)| *policy == number) {
            return idle.remove(place).map(|(_, live)| live);
        }
        let at_work = self.concurrency.size - self.concurrency.turns.available_permits();
        let too_many = (idle.len() + at_work).saturating_sub(self.concurrency.size);
        // Their places are free before anybody else looks.
        idle.drain(..too_many);
        None
    }
}

impl Instances {
    pub(crate) fn new(
        pre: InstancePre<Sandbox>,
        limits: Limits,
        isolation: Isolation,
        concurrency: Arc<Concurrency>,
    ) -> Self {
        Self {
            number: concurrency.policies.fetch_add(1, Ordering::Relaxed),
            pre,
            limits,
            isolation,
            concurrency,
        }
    }

    /// An instance that is ready to be called.
    pub(crate) async fn take(&self, permit: &Permit<'_>) -> wasmtime::Result<Live> {
        if let Some(live) = permit.idle(self.number) {
            return Ok(live);
        }
        let mut store = Sandbox::store(self.pre.engine(), &self.limits);
        Sandbox::arm(&mut store, self.limits.deadline, self.limits.memory_bytes);
        let instance = self.pre.instantiate_async(&mut store).await?;
        Ok(Live { store, instance })
    }

    /// Takes back an instance after a clean call. One that has grown past half of its memory is retired.
    pub(crate) fn give_back(&self, live: Live) {
        let small = live.store.data().memory_in_use() <= self.limits.memory_bytes / 2;
        if self.isolation == Isolation::Reuse && small {
            self.concurrency.idle().push_back((self.number, live));
        }
    }

    /// Waits for a permit.
    pub(crate) async fn permit(&self) -> Permit<'_> {
        self.concurrency.permit().await
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }
}

impl Drop for Instances {
    fn drop(&mut self) {
        self.concurrency.idle().retain(|(policy, _)| *policy != self.number);
    }
}
