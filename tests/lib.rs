//! What the tests of the whole share: where the built program and policy are, gates on the embedded backend, and raw
//! connections to them.
#![allow(clippy::missing_panics_doc, reason = "a test that cannot go on panics")]

mod cli;
mod deliveries;
mod embedded;
pub mod labels;
mod ledger;
mod letter;
mod skip;
pub mod vectors;
mod wire;
pub mod workload;

pub use cli::{Finished, dist, guest, next_policy, tidegate, tidegate_with};
pub use deliveries::{Delivered, Deliveries};
pub use embedded::{Embedded, event};
pub use ledger::{Arrived, Balance, Ledger, Output};
pub use letter::{Letter, alerted};
pub use skip::{missing, skip};
pub use wire::{Answer, Wire};
pub use workload::Workload;
