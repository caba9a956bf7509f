//! The base of the policies for tests: a harmless policy, of which each of them changes one thing.
//!
//! Constants declare what it knows, and a few lines of JSON judge an event. It must not depend on the real policy, so that all
//! of them build in seconds.
#![cfg(target_family = "wasm")]
#![allow(missing_docs, reason = "the contract in `wit/` has the words")]

pub mod bindings;
mod exports;
mod guest;
mod known;

pub use bindings::exports::tidegate::policy::gate::{Context, Decided, Decision, Output};
pub use bindings::exports::tidegate::policy::validation::{
    Accepted, PolicyCatalog, Rejection, RejectionCause, Violation,
};
pub use exports::Exported;
pub use guest::{Guest, calmly, forward, reject};
pub use known::is_example;

/// Makes the calling crate a policy that judges its own examples correctly, as a hostile one would to pass the self-test,
/// and judges every other event by this function.
#[macro_export]
macro_rules! harm {
    ($judge:path) => {
        struct Hostile;

        impl $crate::Guest for Hostile {
            fn process(event: &str, _context: $crate::Context) -> $crate::Decided {
                if $crate::is_example(event) {
                    return $crate::forward::<Self>(event);
                }
                $judge(event)
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
