//! The gate: runs a policy between where events come from and where they go.
//!
//! [`pipeline`] is the path of one delivery, readable top to bottom. [`backend`] is what it needs from outside, and
//! `dapr` and `local` are the two that give it. `http` is how the sidecar and services reach it; the command line is the binary's own.

pub mod admission;
pub mod backend;
pub mod claim;
pub mod clock;
pub mod config;
pub mod dapr;
pub mod dead_letter;
pub mod delivery;
pub mod gate;
pub mod revision;
pub mod circuit_breaker;
pub mod scheduled_retry;
pub mod http;
pub mod local;
pub mod metrics;
pub mod order;
mod wiring;
pub mod pipeline;
pub mod reload;
pub mod rate_limited_log;
pub mod shadow;
pub mod sink;
pub mod untrusted;
