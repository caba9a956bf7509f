//! Embeds a Tidegate policy in any Rust program.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use tidegate_engine::{Context, Engine, Options};
//!
//! let engine = Engine::new(Options::default())?;
//! let policy = engine.load(&std::fs::read("policy.wasm")?).await?;
//! let decided = policy
//!     .process(br#"{"event_type":"order.placed"}"#, &[], &Context::at("2026-03-01T09:30:00Z"))
//!     .await?;
//! println!("{:?}: {:?}", decided.decision, decided.violations);
//! # Ok(()) }
//! ```
//!
//! A policy is untrusted. It sees the events that it is given and nothing else, and [`Limits`] bound its time and memory.
//! This crate knows WebAssembly and the contract in `wit/`. It knows nothing of Dapr and HTTP, and of files only its cache.

mod cache;
mod call;
mod carried;
mod contract;
mod digest;
mod embed;
mod engine;
mod fault;
mod functions;
mod inspect;
mod instance;
mod load;
mod load_error;
mod malloc;
mod options;
mod policy;
mod prebuilt;
mod said;
mod sandbox;
mod selftest;
mod shared;
mod ticker;
mod wasi;

pub use contract::{
    Accepted, Action, Alert, Attribute, Change, CloudEvents, Composed, Context, DeadLetters, Decided, Decision,
    Envelope, EventTypeInfo, Limits as PolicyLimits, MappedAttribute, Migrated, MigrationCause, MigrationFailure,
    MigrationInfo, Output, PolicyCatalog, Rejection, RejectionCause, RetryPlan, Schedule, VersionInfo, Violation,
};
pub use digest::Digest;
pub use embed::{EmbedError, embed, embedded};
pub use engine::{CacheError, Engine, EngineError, precompile};
pub use fault::{Fault, FaultKind};
pub use load_error::LoadError;
pub use options::{Isolation, Limits, Options};
pub use policy::{CallError, LoadReport, Policy, is_time};
pub use prebuilt::Prebuilt;
pub use selftest::{SelfTestCase, SelfTestReport};
