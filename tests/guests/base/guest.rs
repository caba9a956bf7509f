//! The harmless policy: every method can be overridden.

use crate::bindings::exports::tidegate::policy::gate::{Composed, Context, Decided, Decision, Output};
use crate::bindings::exports::tidegate::policy::validation::{Accepted, PolicyCatalog, Rejection};
use crate::known::{Known, TYPES};

/// A policy for tests. Methods that are not overridden behave correctly.
pub trait Guest: 'static {
    const VERSION: &'static str = "1.0.0";
    const VERSIONS: &'static [&'static str] = &["1.0"];
    const TYPES: &'static [&'static str] = TYPES;
    const CHANNELS: &'static [&'static str] = &["dlq", "ops-alerts", "task-events"];

    fn known() -> Known {
        Known::new(Self::TYPES, Self::VERSIONS)
    }

    fn prepare() {}

    fn catalog() -> PolicyCatalog {
        Self::known().catalog(Self::VERSION, Self::CHANNELS)
    }

    fn validate(event: &str) -> Result<Accepted, Rejection> {
        Self::known().validate(event)
    }

    fn process(event: &str, _context: Context) -> Decided {
        forward::<Self>(event)
    }

    /// It completes nothing: an event must have its id.
    fn compose(event: &str) -> Result<Composed, Rejection> {
        Self::validate(event).map(|accepted| Composed {
            event_id: accepted.event_id,
            event: None,
            attributes: Vec::new(),
        })
    }
}

/// The decision of `calm` on an event.
pub fn calmly(event: &str) -> Decided {
    struct Calm;
    impl Guest for Calm {}
    forward::<Calm>(event)
}

/// The decision of a good policy: every event that it knows leaves unchanged, on the channel `task-events`.
pub fn forward<G: Guest + ?Sized>(event: &str) -> Decided {
    match G::known().read(event) {
        Ok(read) => Decided {
            decision: Decision::Forward,
            rule: None,
            claim: Some(read.id.clone()),
            event_id: Some(read.id.clone()),
            event_type: Some(read.event_type.clone()),
            event_version: Some(read.version.clone()),
            key: Some(read.key.clone()),
            outputs: vec![Output {
                channel: "task-events".to_owned(),
                key: Some(read.key),
                id: read.id,
                event_type: read.event_type,
                event: None,
                attributes: Vec::new(),
                not_before: None,
            }],
            violations: Vec::new(),
        },
        Err(rejection) => reject(rejection),
    }
}

/// The decision on an event that is not valid.
pub fn reject(rejection: Rejection) -> Decided {
    Decided {
        decision: Decision::Reject,
        rule: None,
        claim: rejection.event_id.clone().filter(|id| !id.is_empty()),
        event_id: rejection.event_id,
        event_type: rejection.event_type,
        event_version: None,
        key: None,
        outputs: Vec::new(),
        violations: rejection.violations,
    }
}
