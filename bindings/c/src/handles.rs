//! Policies behind numbers. A number is never used twice, so a handle that was closed stays closed.

use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{argument::OutParameter, failure::Failure, policy::Loaded};

/// A handle to an open policy. 0 is never one.
pub type Policy = u64;

static NEXT: AtomicU64 = AtomicU64::new(1);
static OPEN: LazyLock<RwLock<HashMap<Policy, Arc<Loaded>>>> = LazyLock::new(RwLock::default);

/// Where the caller wants a handle. It is 0 until a policy is open.
pub(crate) struct Opened(OutParameter<Policy>);

impl Opened {
    /// # Safety
    /// `policy` is null or can be written for as long as this exists.
    pub(crate) unsafe fn new(policy: *mut Policy) -> Result<Self, Failure> {
        // SAFETY: the caller's promise.
        let out = unsafe { OutParameter::new(policy, "policy")? };
        out.write(0);
        Ok(Self(out))
    }

    pub(crate) fn give(self, policy: Loaded) {
        self.0.write(open(policy));
    }
}

fn open(policy: Loaded) -> Policy {
    let handle = NEXT.fetch_add(1, Ordering::Relaxed);
    OPEN.write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(handle, Arc::new(policy));
    handle
}

pub(crate) fn get(handle: Policy) -> Result<Arc<Loaded>, Failure> {
    let open = OPEN.read().unwrap_or_else(PoisonError::into_inner);
    open.get(&handle).cloned().ok_or(Failure::Closed)
}

/// The policy is dropped when the last call that uses it ends.
pub(crate) fn close(handle: Policy) -> Result<Arc<Loaded>, Failure> {
    let mut open = OPEN.write().unwrap_or_else(PoisonError::into_inner);
    open.remove(&handle).ok_or(Failure::Closed)
}
