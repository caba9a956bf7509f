//! The types of the contract, as `wit-bindgen` makes them from `wit/`: the same on wasm and elsewhere. Names, members, order
//! and words are those of `wit/policy.wit`, and so is their JSON. Knows no policy.

pub use bindings::exports::tidegate::policy::gate::{Composed, Context, Decided, Decision, Output};
pub use bindings::exports::tidegate::policy::migration::{Migrated, MigrationCause, MigrationFailure};
pub use bindings::exports::tidegate::policy::retry::{Action, RetryPlan, Schedule};
pub use bindings::exports::tidegate::policy::validation::{
    Accepted, Alert, Attribute, Change, CloudEvents as CloudEventsInfo, DeadLetters, Envelope as EnvelopeInfo,
    EventTypeInfo, Limits, MappedAttribute, MigrationInfo, PolicyCatalog, Rejection, RejectionCause, VersionInfo,
    Violation,
};

/// What `wit-bindgen` makes of `wit/`: types, and on wasm what exports them.
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
        default_bindings_module: "tidegate_policy::contract::bindings",
        additional_derives: [PartialEq, Eq, serde::Serialize, serde::Deserialize],
        // The JSON of the contract spells cases as WIT does. What comes in has the members of the contract and no others.
        additional_type_attributes: {
            "tidegate:policy/validation@0.2.0/rejection-cause": [#[serde(rename_all = "kebab-case")]],
            "tidegate:policy/migration@0.2.0/migration-cause": [#[serde(rename_all = "kebab-case")]],
            "tidegate:policy/retry@0.2.0/action": [#[serde(rename_all = "kebab-case")]],
            "tidegate:policy/gate@0.2.0/decision": [#[serde(rename_all = "kebab-case")]],
            "tidegate:policy/validation@0.2.0/limits": [#[serde(deny_unknown_fields)]],
            "tidegate:policy/validation@0.2.0/violation": [#[serde(deny_unknown_fields)]],
            "tidegate:policy/gate@0.2.0/context": [#[serde(deny_unknown_fields)]],
        },
    });
}
