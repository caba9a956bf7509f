//! The base of the policies for tests: a harmless policy, of which each of them changes one thing.
//!
//! Constants declare what it knows, and a few lines of JSON judge an event. It must not depend on the real policy, so that all
//! of them build in seconds.
#![cfg(target_family = "wasm")]
#![allow(missing_docs, reason = "the contract in `wit/` has the words")]

mod exports;
mod known;
mod letter;

pub use exports::{Exported, bindings};
pub use known::{Known, Read, TYPES, is_example};

use bindings::exports::tidegate::policy::{gate, validation};
pub use gate::{Context, Decided, Decision, FailedEvent, Misuse, Output};
pub use validation::{Accepted, PolicyCatalog, Rejection, RejectionCause, Violation};

/// A policy for tests. Methods that are not overridden behave correctly.
pub trait Guest: 'static {
    const VERSION: &'static str = "1.0.0";
    const VERSIONS: &'static [&'static str] = &["1.0"];
    const TYPES: &'static [&'static str] = TYPES;
    const CHANNELS: &'static [&'static str] = &["dlq", "ops-alerts", "task-events"];

    fn prepare() {}

    fn catalog() -> PolicyCatalog {
        Known::of::<Self>().catalog(Self::VERSION, Self::CHANNELS)
    }

    fn validate(event: &str) -> Result<Accepted, Rejection> {
        Known::of::<Self>().validate(event)
    }

    fn process(event: &str, _context: Context) -> Result<Decided, Misuse> {
        Ok(forward::<Self>(event))
    }

    fn dead_letter(failed: &FailedEvent, now: &str) -> Result<Vec<Output>, Misuse> {
        Ok(letter::of(failed, now))
    }

    fn compose(draft: &gate::Draft, now: &str) -> Result<gate::Composed, Rejection> {
        let composed = letter::compose(draft, now);
        Self::validate(&composed.event).map(|_| composed)
    }
}

/// Makes the calling crate a policy that judges its own examples correctly, as a hostile one would to pass the self-test,
/// and judges every other event by this function.
#[macro_export]
macro_rules! harm {
    ($judge:path) => {
        struct Hostile;

        impl $crate::Guest for Hostile {
            fn process(event: &str, _context: $crate::Context) -> Result<$crate::Decided, $crate::Misuse> {
                if $crate::is_example(event) {
                    return Ok($crate::forward::<Self>(event));
                }
                Ok($judge(event))
            }
        }

        $crate::export!(Hostile);
    };
}

/// Makes the calling crate a policy that calls this function when it is prepared.
#[macro_export]
macro_rules! prepare {
    ($prepare:path) => {
        struct Hostile;

        impl $crate::Guest for Hostile {
            fn prepare() {
                $prepare();
            }
        }

        $crate::export!(Hostile);
    };
}

/// The decision of `calm` on an event.
pub fn calmly(event: &str) -> Decided {
    struct Calm;
    impl Guest for Calm {}
    forward::<Calm>(event)
}

/// The decision of a good policy: every event that it knows leaves unchanged, on the channel `task-events`.
pub fn forward<G: Guest + ?Sized>(event: &str) -> Decided {
    match Known::of::<G>().read(event) {
        Ok(read) => Decided {
            decision: Decision::Forward,
            reason: "known".to_owned(),
            event_id: Some(read.id.clone()),
            event_type: Some(read.event_type.clone()),
            event_version: Some(read.version.clone()),
            outputs: vec![Output {
                channel: "task-events".to_owned(),
                key: read.key,
                id: read.id,
                event_type: read.event_type,
                event: None,
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
        reason: rejection
            .violations
            .first()
            .map_or_else(String::new, |v| v.message.clone()),
        event_id: rejection.event_id,
        event_type: rejection.event_type,
        event_version: None,
        outputs: Vec::new(),
        violations: rejection.violations,
    }
}
