//! What the gate relies on in Dapr and Kafka, shown on the real ones: when an upgrade changes one of these facts, a test says which.
#![allow(clippy::print_stdout, reason = "times that people want to see")]

mod answers;
mod delivery;
mod invoke;
mod jobs;
mod outages;
mod publishing;
mod reader;
mod sizes;
mod state;

use std::process::ExitCode;

use tidegate_harness::{Cluster, Suite};

fn main() -> ExitCode {
    let suite = Suite::new("dapr-facts", Cluster::start);
    let suite = publishing::tests(suite);
    let suite = delivery::tests(suite);
    let suite = answers::tests(suite);
    let suite = state::tests(suite);
    let suite = invoke::tests(suite);
    let suite = sizes::tests(suite);
    let suite = outages::tests(suite);
    jobs::tests(suite).run()
}
