//! The calls of `cargo test`.
//!
//! Every one is about the whole workspace, so that all share what is compiled.

use std::process::Command;

use crate::places::Places;

/// The unit tests, and the test programs that need nothing but this repository.
pub(super) fn without_services(places: &Places) -> Command {
    let mut command = places.cargo(["test", "--workspace", "--no-fail-fast", "--lib", "--bins"]);
    programs(&mut command, places, false);
    command
}

/// The test programs that start real services.
pub(super) fn on_services(places: &Places) -> Command {
    let mut command = places.cargo(["test", "--workspace", "--no-fail-fast"]);
    programs(&mut command, places, true);
    command
}

fn programs(command: &mut Command, places: &Places, on_services: bool) {
    for program in places.tests.iter().filter(|program| program.on_services == on_services) {
        command.args(["--test", &program.name]);
    }
}
