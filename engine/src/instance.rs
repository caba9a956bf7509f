//! Instances: made fresh for a call, or taken from the pool and put back.
//!
//! An instance goes back only after a clean call. A trap, a deadline, an abandoned call: it is dropped where it stands,
//! so that no call ever meets memory that another one left half-written.

use std::sync::{Mutex, PoisonError};

use wasmtime::{
    Store,
    component::{Instance, InstancePre},
};

use crate::{
    options::{Isolation, Limits},
    sandbox::Sandbox,
};

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
    idle: Mutex<Vec<Live>>,
}

impl Instances {
    pub(crate) fn new(pre: InstancePre<Sandbox>, limits: Limits, isolation: Isolation) -> Self {
        Self {
            pre,
            limits,
            isolation,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// An instance that is ready to be called.
    pub(crate) async fn take(&self) -> wasmtime::Result<Live> {
        if let Some(live) = self.idle().pop() {
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
            self.idle().push(live);
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Live>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
