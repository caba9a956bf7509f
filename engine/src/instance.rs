//! Instances, and the limit on how many of them run at the same time. An instance is made for one call, or reused after one.
//!
//! An instance is reused only after a call that ended normally. After a trap, a deadline or an abandoned call it is dropped,
//! so that no call ever sees memory that another one left half-written. Where instances are configured, one more than the calls take
//! is kept ready, so that calls rarely wait for that. Knows no function of the contract.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit},
};
use wasmtime::{
    Store,
    component::{ComponentExportIndex, Instance, InstancePre},
};

use crate::{
    options::{Isolation, Limits},
    sandbox::Sandbox,
    ticker::{Ticker, Ticking},
};

/// Time that `configure` may take.
pub(crate) const CONFIGURE_DEADLINE: Duration = Duration::from_secs(10);
/// Configured instances of a policy that run at the same time, for each processor.
const RUNNING_A_CORE: usize = 2;
/// Bytes that an instance may grow after it was configured: what one large event takes, and no leak.
const MAX_GROWTH: usize = 8 << 20;

/// The concurrency limit that all policies of an engine share: at most so many instances exist, running or idle.
pub(crate) struct Concurrency {
    permits: Semaphore,
    size: usize,
    /// Instances that wait for their next call, each with the number of its policy. The first has been idle longest.
    idle: Mutex<VecDeque<(u64, Live)>>,
    policies: AtomicU64,
    ticker: Ticker,
}

/// The right to run one instance.
pub(crate) struct Permit<'a> {
    limit: &'a Concurrency,
    _slot: Option<SemaphorePermit<'a>>,
    /// Of the policy's own limit.
    _own: Option<SemaphorePermit<'a>>,
    _ticking: Ticking<'a>,
}

/// An instance with its store.
pub(crate) struct Live {
    pub(crate) store: Store<Sandbox>,
    pub(crate) instance: Instance,
    /// Bytes of memory with which it is not used again.
    too_large: usize,
}

/// Data that an instance is given before its first call.
#[derive(Clone)]
pub(crate) struct Configuration {
    /// The export `configure`.
    pub(crate) export: ComponentExportIndex,
    pub(crate) bundle: Arc<str>,
    /// Whether another instance was configured with it before, and all of it was checked there.
    pub(crate) is_proven: bool,
}

/// An instance refuses its configuration, and says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotConfigured(pub(crate) String);

/// An instance needs more memory than it may have while it is configured.
#[derive(Debug, thiserror::Error)]
#[error("it needs more memory than it may have")]
pub(crate) struct NoMemory;

/// Makes the instances of one policy.
pub(crate) struct Instances {
    pre: InstancePre<Sandbox>,
    limits: Limits,
    isolation: Isolation,
    configuration: Option<Configuration>,
    /// How many configured instances may run: each has a start and a memory of its own, and more than the processors can run bring
    /// nothing.
    configured: Semaphore,
    /// How many may be idle.
    most_idle: usize,
    /// Whether one more is being made.
    is_refilling: AtomicBool,
    concurrency: Arc<Concurrency>,
    /// Identifies its instances among the idle ones.
    number: u64,
}

impl Concurrency {
    pub(crate) fn new(size: u32, ticker: Ticker) -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(size as usize),
            size: size as usize,
            idle: Mutex::default(),
            policies: AtomicU64::new(0),
            ticker,
        })
    }

    /// Waits for a permit.
    pub(crate) async fn permit(&self) -> Permit<'_> {
        Permit {
            limit: self,
            // The semaphore is never closed, so this waits and cannot fail.
            _slot: self.permits.acquire().await.ok(),
            _own: None,
            _ticking: self.ticking(),
        }
    }

    /// Keeps the clock of deadlines running. A permit does so too.
    pub(crate) fn ticking(&self) -> Ticking<'_> {
        self.ticker.ticking()
    }

    /// How many instances of a policy are idle.
    fn count(&self, number: u64) -> usize {
        self.idle().iter().filter(|(policy, _)| *policy == number).count()
    }

    /// An idle instance of a policy.
    fn take(&self, number: u64) -> Option<Live> {
        let mut idle = self.idle();
        let at = idle.iter().rposition(|(policy, _)| *policy == number)?;
        idle.remove(at).map(|(_, live)| live)
    }

    /// Drops idle instances, those that were idle longest, so that a new one fits within the limit.
    fn make_room(&self) {
        let mut idle = self.idle();
        let running = self.size - self.permits.available_permits();
        let too_many = (idle.len() + running).saturating_sub(self.size);
        // They are dropped while the lock is held, so their slots are free before another call looks.
        let too_many = too_many.min(idle.len());
        idle.drain(..too_many);
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(u64, Live)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instances {
    pub(crate) fn new(
        pre: InstancePre<Sandbox>,
        limits: Limits,
        isolation: Isolation,
        configuration: Option<Configuration>,
        concurrency: Arc<Concurrency>,
    ) -> Arc<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Arc::new(Self {
            number: concurrency.policies.fetch_add(1, Ordering::Relaxed),
            pre,
            limits,
            isolation,
            most_idle: if configuration.is_some() { cores } else { usize::MAX },
            configuration,
            configured: Semaphore::new(RUNNING_A_CORE * cores),
            is_refilling: AtomicBool::new(false),
            concurrency,
        })
    }

    /// An instance that is ready to be called.
    pub(crate) async fn take(self: &Arc<Self>, permit: &Permit<'_>) -> wasmtime::Result<Live> {
        if let Some(live) = permit.limit.take(self.number) {
            self.refill();
            return Ok(live);
        }
        permit.limit.make_room();
        self.make().await
    }

    async fn make(&self) -> wasmtime::Result<Live> {
        let mut store = Sandbox::store(self.pre.engine(), &self.limits);
        Sandbox::arm(&mut store, self.limits.deadline, self.limits.memory_bytes);
        let instance = self.pre.instantiate_async(&mut store).await?;
        let mut live = Live {
            store,
            instance,
            too_large: self.limits.memory_bytes / 2,
        };
        if let Some(configuration) = &self.configuration {
            configuration.apply(&mut live, &self.limits).await?;
            live.too_large = live.store.data().memory_in_use() + MAX_GROWTH;
        }
        Ok(live)
    }

    /// Makes an instance on a task of its own if none is idle, so that the next call need not wait until one is configured.
    fn refill(self: &Arc<Self>) {
        if !self.lacks_spare() || self.is_refilling.swap(true, Ordering::AcqRel) {
            return;
        }
        // Without a runtime nobody could wait for it.
        let Ok(runtime) = Handle::try_current() else { return };
        let instances = self.clone();
        runtime.spawn(async move {
            let permit = instances.concurrency.permit().await;
            // Not for a policy that is gone meanwhile.
            if instances.lacks_spare() && Arc::strong_count(&instances) > 1 {
                instances.concurrency.make_room();
                // If that fails, it fails in a call again, which says so.
                if let Ok(live) = instances.make().await {
                    instances.give_back(live);
                }
            }
            drop(permit);
            instances.is_refilling.store(false, Ordering::Release);
        });
    }

    /// Whether one should be kept ready and none is.
    fn lacks_spare(&self) -> bool {
        let is_kept = self
            .configuration
            .as_ref()
            .is_some_and(|configuration| configuration.is_proven);
        is_kept && self.concurrency.count(self.number) == 0
    }

    /// Takes back an instance after a call that ended normally. One that uses too much memory is dropped.
    pub(crate) fn give_back(&self, live: Live) {
        let is_small = live.store.data().memory_in_use() <= live.too_large;
        if self.isolation == Isolation::Reuse && is_small && self.concurrency.count(self.number) < self.most_idle {
            self.concurrency.idle().push_back((self.number, live));
        }
    }

    /// Waits for a permit.
    pub(crate) async fn permit(&self) -> Permit<'_> {
        let own = match self.configuration {
            Some(_) => self.configured.acquire().await.ok(),
            None => None,
        };
        Permit {
            _own: own,
            ..self.concurrency.permit().await
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }
}

impl Configuration {
    async fn apply(&self, live: &mut Live, limits: &Limits) -> wasmtime::Result<()> {
        Sandbox::arm(&mut live.store, CONFIGURE_DEADLINE, limits.memory_bytes);
        let configure = live
            .instance
            .get_typed_func::<(&str, bool), (Result<(), String>,)>(&mut live.store, &self.export)?;
        let configured = configure
            .call_async(&mut live.store, (&self.bundle, self.is_proven))
            .await;
        if configured.is_err() && live.store.data().memory_refused() {
            return Err(NoMemory.into());
        }
        let (configured,) = configured?;
        Ok(configured.map_err(NotConfigured)?)
    }
}

impl Drop for Instances {
    fn drop(&mut self) {
        self.concurrency.idle().retain(|(policy, _)| *policy != self.number);
    }
}
