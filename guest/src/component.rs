//! The policy as a WebAssembly component: the contract's types on one side, this crate's on the other, and nothing else.
//! The only module that knows WIT. It exists on wasm alone.
//!
//! [`export_policy!`](crate::export_policy) exports a policy with it, that of this crate or that of another.

use std::marker::PhantomData;

use self::bindings::exports::tidegate::policy::{gate, json, migration, retry, validation};
use crate::Policy;

mod convert;

/// What `wit-bindgen` makes of `wit/`.
#[allow(
    missing_docs,
    missing_debug_implementations,
    unsafe_code,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code"
)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "policy",
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "tidegate_policy::component::bindings",
    });
}

/// Where a component takes its policy from.
pub trait PolicySource: 'static {
    /// The policy, built at the first call.
    fn policy() -> &'static Policy;
}

/// The exports of a component, for the policy of a source.
#[derive(Debug)]
pub struct Component<S>(PhantomData<S>);

impl<S: PolicySource> bindings::Guest for Component<S> {
    fn prepare() {
        S::policy();
    }
}

impl<S: PolicySource> validation::Guest for Component<S> {
    fn validate(event: String) -> Result<validation::Accepted, validation::Rejection> {
        match S::policy().validate(event.as_bytes()) {
            Ok(accepted) => Ok(validation::Accepted {
                event_id: accepted.event_id,
                event_type: accepted.event_type,
                event_version: accepted.event_version,
                key: accepted.key,
            }),
            Err(rejection) => Err(rejection.into()),
        }
    }

    fn catalog() -> validation::PolicyCatalog {
        S::policy().catalog().into()
    }
}

impl<S: PolicySource> migration::Guest for Component<S> {
    fn migrate(event: String, to_version: String) -> Result<migration::Migrated, migration::MigrationFailure> {
        match S::policy().migrate(event.as_bytes(), &to_version) {
            Ok(migrated) => Ok(migration::Migrated {
                event: migrated.event,
                from_version: migrated.from_version,
                to_version: migrated.to_version,
                path: migrated.path,
            }),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl<S: PolicySource> retry::Guest for Component<S> {
    fn schedule_for(event_type: String) -> retry::Schedule {
        let schedule = S::policy().schedule_for(&event_type);
        retry::Schedule {
            max_retries: schedule.max_retries,
            delays_ms: schedule.delays_ms.clone(),
        }
    }

    fn next_attempt(event_type: String, attempt: u32) -> retry::RetryPlan {
        let plan = S::policy().next_attempt(&event_type, attempt);
        retry::RetryPlan {
            action: match plan.action {
                crate::Action::Retry => retry::Action::Retry,
                crate::Action::DeadLetter => retry::Action::DeadLetter,
            },
            delay_ms: plan.delay_ms,
            retries_left: plan.retries_left,
        }
    }
}

impl<S: PolicySource> gate::Guest for Component<S> {
    fn process(event: String, context: gate::Context) -> Result<gate::Decided, gate::Misuse> {
        let context = crate::Context {
            now: context.now,
            target_version: context.target_version,
        };
        match S::policy().process(event.as_bytes(), &context) {
            Ok(decided) => Ok(decided.into()),
            Err(misuse) => Err(misuse.into()),
        }
    }

    fn compose(draft: gate::Draft, now: String) -> Result<gate::Composed, gate::Rejection> {
        match S::policy().compose(&draft.into(), &now) {
            Ok(composed) => Ok(gate::Composed {
                event_id: composed.event_id,
                event: composed.event,
            }),
            Err(rejection) => Err(rejection.into()),
        }
    }

    fn dead_letter(failed: gate::FailedEvent, now: String) -> Result<Vec<gate::Output>, gate::Misuse> {
        match S::policy().dead_letter(&failed.into(), &now) {
            Ok(outputs) => Ok(outputs.into_iter().map(Into::into).collect()),
            Err(misuse) => Err(misuse.into()),
        }
    }
}

impl<S: PolicySource> json::Guest for Component<S> {
    fn validate(event: String) -> String {
        S::policy().validate_json(event.as_bytes())
    }

    fn migrate(request: String) -> String {
        S::policy().migrate_json(request.as_bytes())
    }

    fn next_attempt(request: String) -> String {
        S::policy().next_attempt_json(request.as_bytes())
    }

    fn process(request: String) -> String {
        S::policy().process_json(request.as_bytes())
    }

    fn catalog() -> String {
        S::policy().catalog_json()
    }
}

/// The builtin policy, exported by this crate's own component.
#[cfg(feature = "builtin-component")]
mod builtin {
    use crate::{Bundle, Code, Policy, PolicyError};

    fn policy() -> Result<Policy, PolicyError> {
        Policy::new(&Bundle::builtin(), Code::builtin())
    }

    crate::export_policy!(policy);
}
