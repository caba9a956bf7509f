//! What the gate relies on in Dapr and Kafka, shown on the real ones: when an upgrade changes one of these facts, a test says which.

mod answers;
mod delivery;
mod jobs;
mod publishing;
mod reader;
mod state;

use std::process::ExitCode;

use tidegate_harness::{Cluster, Suite};

fn main() -> ExitCode {
    let suite = Suite::new("dapr-facts", Cluster::start);
    let suite = publishing::tests(suite);
    let suite = delivery::tests(suite);
    let suite = answers::tests(suite);
    let suite = state::tests(suite);
    jobs::tests(suite).run()
}
