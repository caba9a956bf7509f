//! Embeds a Tidegate policy in any Rust program.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use tidegate_engine::{Context, Engine, Options};
//!
//! let engine = Engine::new(Options::default())?;
//! let policy = engine.load(&std::fs::read("policy.wasm")?).await?;
//! let decision = policy
//!     .process(br#"{"event_type":"task.created"}"#, &Context::at("2026-03-01T09:30:00Z"))
//!     .await?;
//! println!("{:?}: {}", decision.decision, decision.reason);
//! # Ok(()) }
//! ```
//!
//! A policy is untrusted: it sees the events that it is given and nothing else, for as long and in as much memory as
//! [`Limits`] allow. This crate knows WebAssembly and the contract in `wit/`; it knows nothing of Dapr, HTTP or files
//! other than its cache.

mod cache;
mod call;
mod contract;
mod engine;
mod fault;
mod inspect;
mod instance;
mod load;
mod memory;
mod options;
mod policy;
mod sandbox;
mod selftest;
mod ticker;
mod world;

pub use call::CallError;
pub use contract::{
    Accepted, Action, Composed, Context, Decided, Decision, Draft, Encoding, EventTypeInfo, FailedEvent, Migrated,
    MigrationCause, MigrationFailure, Misuse, Output, PolicyCatalog, PolicyLimits, Rejection, RejectionCause,
    RetryPlan, Schedule, VersionInfo, Violation,
};
pub use engine::{CacheError, Engine, EngineError};
pub use fault::{Fault, FaultKind};
pub use load::LoadError;
pub use options::{Isolation, Limits, Options};
pub use policy::{Digest, LoadReport, Policy};
pub use selftest::{SelfTestCase, SelfTestReport};
