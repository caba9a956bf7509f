//! Which policy decides: its revisions, how a new file takes over, when a bad one is rolled back, and the shadow policy
//! beside it.
//!
//! Knows nothing of how a decision is carried out: claims, sinks and retries are the pipeline's.

pub mod admission;
pub mod circuit_breaker;
pub mod comparison;
pub mod decision;
mod file;
pub mod output;
pub mod reload;
pub mod revisions;
pub mod shadow;
pub mod source;
pub mod unusable;

pub use self::file::Place;
