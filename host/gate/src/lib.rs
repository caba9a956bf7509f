//! The gate as a service: its configuration, and the wiring of all parts.
//!
//! The only crate that knows which backend implements which trait.

pub mod config;
mod error;
mod gate;
mod wiring;

pub use self::{
    error::GateError,
    gate::{EVENT_INTERVAL, Gate},
};
