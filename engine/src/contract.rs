//! The types of the contract, as `build.rs` writes them from `wit/`: names, members, order and words are those of
//! `wit/policy.wit`, and so is their JSON. Knows no component and no call.

use serde::{Deserialize, Serialize};
use wasmtime::component::{ComponentType, Lift, Lower};

include!(concat!(env!("OUT_DIR"), "/contract.rs"));

/// What a component calls its export of an interface of the contract.
pub(crate) fn export(interface: &str) -> String {
    format!("tidegate:policy/{interface}@{VERSION}")
}

impl Decided {
    /// The rejection of an event that no policy was asked about.
    pub fn reject(violation: Violation) -> Self {
        Self {
            decision: Decision::Reject,
            rule: None,
            claim: None,
            event_id: None,
            event_type: None,
            event_version: None,
            key: None,
            outputs: Vec::new(),
            violations: vec![violation],
        }
    }
}

impl Context {
    /// Judge at the time `now` and bring events to the target versions of their types.
    pub fn at(now: impl Into<String>) -> Self {
        Self {
            now: now.into(),
            target_version: None,
            handed_back: false,
        }
    }
}
