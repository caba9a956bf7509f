//! The gate as a service: its configuration, and everything wired together.
//!
//! The only crate that knows which backend stands behind which trait.

pub mod config;
mod error;
mod gate;
mod wiring;

pub use self::{
    error::GateError,
    gate::{EVENT_INTERVAL, Gate},
};
