//! A policy: a bundle of data and some code, checked and prepared once. Each function of a policy has a module of its own;
//! this one only finds event types. `construct` makes a policy.

use crate::contract::{Alert, DeadLetters, Limits, Schedule};
use crate::derivation::Derivation;
use crate::envelope::{Envelope, IdScope, Mapped};
use crate::known::KnownType;
use crate::parse::Bounds;
use crate::place::Place;
use crate::rules::Rule;

/// A policy that is ready to judge events: schemas are compiled, migration paths are known.
#[derive(Debug)]
pub struct Policy {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Of its bundle, where it is made of that alone.
    pub(crate) digest: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) envelope: Envelope,
    /// The attributes that stand for members.
    pub(crate) mapped: Vec<Mapped>,
    /// Where the data of an event with attributes stands; `None`: the data is the document.
    pub(crate) payload: Option<Place>,
    pub(crate) id_scope: Option<IdScope>,
    pub(crate) is_idempotent: bool,
    pub(crate) dead_letters: DeadLetters,
    pub(crate) alerts: Vec<Alert>,
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
