//! The policy of a Tidegate: what an event must look like, how versions migrate, where an event goes and how a failure is
//! retried.
//!
//! Pure functions over text: no clock, no randomness, no files, no panic for any input. A [`Policy`] is data (a
//! [`Bundle`]: the JSON files of `schemas/`) and code ([`Code`]: steps between versions, derived events), and the two
//! never mix. The functions at the root of the crate are those of the builtin policy.
//!
//! Compiled for `wasm32-wasip2` the crate is a component that exports the world `tidegate:policy/policy`. Only
//! `component` knows that; the types of the contract are generated from `wit/` for every target ([`contract`]).
//!
//! # A policy of your own
//! A crate that adds a version depends on this one without its default features, and contains:
//!
//! ```
//! use tidegate_policy::{Bundle, Code, Policy, PolicyError, Step, export_policy, steps};
//!
//! const SOURCE: &str = r#"{ "properties": { "payload": { "required": ["source"] } } }"#;
//!
//! fn policy() -> Result<Policy, PolicyError> {
//!     let bundle = Bundle::builtin().with_version(&["task.created"], "1.1", "1.2", SOURCE)?;
//!     Policy::new(&bundle, Code::default().with_step(Step::new("1.1", "1.2", add_source, remove_source)))
//! }
//!
//! fn add_source(event: &mut steps::Members) -> Result<(), steps::StepError> {
//!     steps::payload(event)?.insert("source".into(), "unknown".into());
//!     Ok(())
//! }
//!
//! fn remove_source(event: &mut steps::Members) -> Result<(), steps::StepError> {
//!     steps::payload(event)?.shift_remove("source");
//!     Ok(())
//! }
//!
//! export_policy!(policy); // for wasm: this crate is a component
//!
//! # fn main() {
//! let old = r#"{"event_id":"e-2","event_type":"task.created","task_id":2,"user_id":"user-1","payload":{}}"#;
//! let migrated = policy().expect("a policy").migrate(old.as_bytes(), &[], "1.2").expect("a path");
//! assert_eq!(migrated.path, ["1.0", "1.1", "1.2"]);
//! # }
//! ```
//!
//! `examples/next-policy` is such a crate, and `docs/policies-in-code.md` shows how to make one.

mod builtin;
mod bundle;
mod catalog;
mod claim;
mod code;
mod compose;
mod conditions;
mod construct;
pub mod contract;
mod conversion;
mod delays;
mod derivation;
mod document;
mod edit;
mod emit;
mod emits;
mod emits_check;
mod envelope;
mod escape;
mod event;
mod example;
mod export;
mod expressions;
mod given;
mod ids;
mod json;
mod known;
mod last_part;
mod manifest;
mod merge;
mod migrate;
mod migration_path;
mod migrations;
mod names;
mod not_before;
mod operation;
mod operation_fields;
mod parse;
mod place;
mod policy;
mod policy_error;
mod process;
mod reader;
mod recurrence;
mod refusal;
mod retry;
mod rules;
mod schema;
mod shared_rules;
pub mod steps;
mod time;
mod unique;
mod validate;
mod version;
mod version_place;
mod violation;

#[cfg(target_family = "wasm")]
pub mod component;

pub use builtin::{
    catalog, compose, migrate, migrate_json, next_attempt, next_attempt_json, prepare, process, schedule_for, validate,
    validate_json,
};
pub use bundle::{Bundle, BundleError, File};
pub use code::Code;
pub use conditions::{Channels, DropRule, ExpressionRule, Route, RuleVersions, SharedRule};
pub use contract::{
    Accepted, Action, Alert, Attribute, Change, Composed, Context, Decided, Decision, EnvelopeInfo, EventTypeInfo,
    Limits, Migrated, MigrationCause, MigrationFailure, MigrationInfo, Output, PolicyCatalog, Rejection,
    RejectionCause, RetryPlan, Schedule, VersionInfo, Violation,
};
pub use conversion::{Conversion, Form};
pub use delays::{DelayError, Delays};
pub use derivation::{Derivation, DeriveFn, Derived};
pub use emits::{Copied, Emits, Part, Recur};
pub use envelope::{CloudEvents, Data, Envelope, IdScope, NameOf};
pub use manifest::{
    Alerted, DeadLetters, EventLimits, EventType, Idempotency, Manifest, Migration, RetryDefaults, SharedMigration,
};
pub use migrations::migrations_of;
pub use operation::{Operation, Way, Within};
pub use operation_fields::{Add, Keep, MapValues, Move, Otherwise, Reject, Remove, Rename, Replace, Wrapped};
pub use parse::read_exact;
pub use place::{NotAPlace, Place};
pub use policy::Policy;
pub use policy_error::PolicyError;
pub use recurrence::Every;
pub use rules::Rule;
pub use schema::SchemaError;
pub use shared_rules::{RuleOf, rules_of};
pub use steps::{Step, StepError, StepFn};
pub use time::Timestamp;
pub use version_place::{EndOf, VersionAttribute, VersionPlace};
pub use violation::{MAX_PATH_BYTES, MAX_VIOLATIONS, code as codes};
