//! The calls of `cargo test`.
//!
//! Every one is about the whole workspace, so that all share what is compiled.

use std::process::Command;

use anyhow::Result;

use super::{libtest, reports, tally::Tally};
use crate::places::Places;

/// Runs the unit tests, and the test programs that need nothing but this repository.
pub(super) fn without_services(places: &Places) -> Result<Tally> {
    let mut command = places.cargo(["test", "--workspace", "--no-fail-fast", "--lib", "--bins"]);
    programs(&mut command, places, false);
    libtest::run(&mut command)
}

/// Runs the test programs that start real services. The harness writes their reports.
pub(super) fn on_services(places: &Places) -> Result<Tally> {
    let mut command = places.cargo(["test", "--workspace", "--no-fail-fast"]);
    programs(&mut command, places, true);
    let folder = places.reports("services");
    reports::run(command.env("TEST_REPORTS", &folder), &folder)
}

/// Runs the examples in the documentation.
pub(super) fn doctests(places: &Places) -> Result<Tally> {
    libtest::run(&mut places.cargo(["test", "--workspace", "--no-fail-fast", "--doc"]))
}

fn programs(command: &mut Command, places: &Places, on_services: bool) {
    for program in places.tests.iter().filter(|program| program.on_services == on_services) {
        command.args(["--test", &program.name]);
    }
}
