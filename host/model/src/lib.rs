//! The terms of the gate as types: deliveries, messages, scheduled retries, dispositions, and the traits of a backend.
//!
//! Plain data and traits. Knows no HTTP, no SQLite and no configuration file, and of the engine only its plain types.

pub mod attributes;
pub mod backend;
pub mod backend_error;
pub mod clock;
pub mod dead_letter;
pub mod delivery;
pub mod disposition;
pub mod envelope;
pub mod error;
mod exact_bytes;
mod members;
pub mod message;
pub mod rate_limited_log;
pub mod revision;
pub mod scheduled_retry;
pub mod secret;
pub mod subscription;
pub mod untrusted;
