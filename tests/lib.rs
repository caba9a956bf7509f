//! What the tests of the whole share: where the built program and policy are, gates on the `sqlite` backend, and raw
//! connections to them.
#![allow(clippy::missing_panics_doc, reason = "a test that cannot go on panics")]

mod cli;
mod deliveries;
mod ledger;
mod letter;
pub mod revisions;
mod skip;
mod sqlite;
pub mod vectors;
mod wire;
pub mod workload;

pub use cli::{Finished, dist, guest, next_policy, tidegate, tidegate_in, tidegate_with};
pub use deliveries::{Delivered, Deliveries};
pub use ledger::{Arrived, Balance, Ledger, Output};
pub use letter::{Letter, alerted};
pub use skip::{missing, skip};
pub use sqlite::{SqliteGate, TASKS, event};
pub use wire::{Answer, Wire};
pub use workload::Workload;
