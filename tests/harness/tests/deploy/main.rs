//! The files of `deploy/` on the real services: what is shipped is what is tested.
#![allow(clippy::print_stdout, reason = "times that people want to see")]

mod gate;
mod hanging;
mod headers;
mod records;
mod takeover;
mod topics;

use std::process::ExitCode;

use tidegate_harness::{Cluster, Suite};

fn main() -> ExitCode {
    let suite = Suite::new("deploy", Cluster::start);
    let suite = topics::tests(suite);
    let suite = records::tests(suite);
    let suite = headers::tests(suite);
    let suite = takeover::tests(suite);
    let suite = hanging::tests(suite);
    gate::tests(suite).run()
}
