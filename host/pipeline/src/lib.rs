//! What happens to one delivery. Begin with `process.rs`.
//!
//! Nothing is acknowledged before it is stored: a delivery is [`Ack::Done`] only when its sinks have accepted its outputs
//! or its dead letter, or when its retry is scheduled where it survives a crash. Knows neither Dapr nor SQLite nor HTTP,
//! and never looks into an event.

mod ack;
mod alert_windows;
mod alerts;
pub mod claim;
mod dead_letter;
mod delayed;
mod deliver;
mod judge;
pub mod key_queue;
mod ordering;
mod pipeline;
mod process;
mod publish;
mod retry;
mod rollback;
mod run;
mod shadow;
mod unjudged;

pub use self::{
    ack::{Ack, NotAcknowledged, Report},
    alert_windows::Alerts,
    alerts::send_counted_alerts,
    pipeline::{Pipeline, Retries},
    rollback::notify_rollbacks,
};
