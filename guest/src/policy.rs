//! A policy: a bundle of data and some code, checked and prepared once. Each function of a policy has a module of its own;
//! this one only finds event types. `construct` makes a policy.

use crate::contract::{Limits, Schedule};
use crate::derivation::Derivation;
use crate::envelope::Envelope;
use crate::known::KnownType;
use crate::parse::Bounds;
use crate::rules::Rule;

/// The types that every policy sends when it dead-letters an event.
pub(crate) const DEAD_LETTER: &str = "dlq.failed";
pub(crate) const OPS_ALERT: &str = "alert.ops";
pub(crate) const USER_ALERT: &str = "alert.user";

/// The version of those types.
pub(crate) const EMITTED_VERSION: &str = "1.0";

/// A policy that is ready to judge events: schemas are compiled, migration paths are known.
#[derive(Debug)]
pub struct Policy {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) limits: Limits,
    pub(crate) envelope: Envelope,
    pub(crate) default_schedule: Schedule,
    pub(crate) rules: Vec<Rule>,
    pub(crate) derivations: Vec<Derivation>,
    /// Sorted by name.
    pub(crate) types: Vec<KnownType>,
}

impl Policy {
    pub(crate) fn event_type(&self, name: &str) -> Option<&KnownType> {
        let at = self
            .types
            .binary_search_by(|known| known.name.as_str().cmp(name))
            .ok()?;
        Some(&self.types[at])
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            bytes: self.limits.event_bytes as usize,
            depth: self.limits.depth as usize,
        }
    }
}
