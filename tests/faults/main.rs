//! Faults on real daprd, Kafka, Redis and scheduler: every event ends in its outputs or in a dead letter, whatever is
//! killed, stopped or refused meanwhile.
#![allow(clippy::print_stdout, reason = "counts that people want to see")]

mod kills;
mod ledger;
mod letters;
mod rig;
mod sinks;
mod size;
mod workload;

use std::process::ExitCode;

use tidegate_harness::{Cluster, Suite};

use crate::size::Size;

fn main() -> ExitCode {
    let size = Size::asked();
    Suite::new("faults", Cluster::start)
        .limit(size.limit)
        .test("kills of the gate lose nothing", kills::one_gate)
        .test("kills of one of two gates lose nothing", kills::two_gates)
        .run()
}
