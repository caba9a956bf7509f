//! The policy as a WebAssembly component: each function of the contract as a call of the policy, and nothing else. It exists
//! on wasm alone.
//!
//! [`export_policy!`](crate::export_policy) exports a policy with it, that of this crate or that of another.

use std::error::Error as _;
use std::marker::PhantomData;

use crate::contract::bindings::{
    Guest,
    exports::tidegate::policy::{gate, json, migration, retry, validation},
};
use crate::contract::{
    Accepted, Attribute, Composed, Context, Decided, Migrated, MigrationFailure, PolicyCatalog, Rejection, RetryPlan,
    Schedule,
};
use crate::policy::Policy;
use crate::policy_error::PolicyError;

/// Where a component takes its policy from.
pub trait PolicySource: 'static {
    /// The policy, built at the first call.
    fn policy() -> &'static Policy;
}

/// Ends the component, whose policy cannot be built. The host repeats what is written.
#[allow(clippy::print_stderr, reason = "there is no other way out")]
pub fn refuse(error: &PolicyError) -> ! {
    eprintln!("{}", reason(error));
    std::process::abort()
}

/// An error with its causes, in one line.
pub fn reason(error: &PolicyError) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

/// The exports of a component, for the policy of a source.
#[derive(Debug)]
pub struct Component<S>(PhantomData<S>);

impl<S: PolicySource> Guest for Component<S> {
    fn prepare() {
        S::policy();
    }
}

impl<S: PolicySource> validation::Guest for Component<S> {
    fn validate(event: String, attributes: Vec<Attribute>) -> Result<Accepted, Rejection> {
        S::policy().validate(event.as_bytes(), &attributes)
    }

    fn catalog() -> PolicyCatalog {
        S::policy().catalog()
    }
}

impl<S: PolicySource> migration::Guest for Component<S> {
    fn migrate(event: String, attributes: Vec<Attribute>, to_version: String) -> Result<Migrated, MigrationFailure> {
        S::policy().migrate(event.as_bytes(), &attributes, &to_version)
    }
}

impl<S: PolicySource> retry::Guest for Component<S> {
    fn schedule_for(event_type: String) -> Schedule {
        S::policy().schedule_for(&event_type).clone()
    }

    fn next_attempt(event_type: String, attempt: u32) -> RetryPlan {
        S::policy().next_attempt(&event_type, attempt)
    }
}

impl<S: PolicySource> gate::Guest for Component<S> {
    fn process(event: String, attributes: Vec<Attribute>, context: Context) -> Decided {
        S::policy().process(event.as_bytes(), &attributes, &context)
    }

    fn compose(event: String, attributes: Vec<Attribute>, id: String, now: String) -> Result<Composed, Rejection> {
        S::policy().compose(event.as_bytes(), &attributes, &id, &now)
    }
}

impl<S: PolicySource> json::Guest for Component<S> {
    fn validate(event: String, attributes: String) -> String {
        S::policy().validate_json(event.as_bytes(), attributes.as_bytes())
    }

    fn migrate(request: String, attributes: String) -> String {
        S::policy().migrate_json(request.as_bytes(), attributes.as_bytes())
    }

    fn next_attempt(request: String) -> String {
        S::policy().next_attempt_json(request.as_bytes())
    }

    fn process(request: String, attributes: String) -> String {
        S::policy().process_json(request.as_bytes(), attributes.as_bytes())
    }

    fn catalog() -> String {
        S::policy().catalog_json()
    }
}

/// The builtin policy, exported by this crate's own component.
#[cfg(feature = "builtin-component")]
mod builtin {
    use crate::{bundle::Bundle, code::Code, policy::Policy, policy_error::PolicyError};

    fn policy() -> Result<Policy, PolicyError> {
        Policy::new(&Bundle::builtin(), Code::default())
    }

    crate::export_policy!(policy);
}
