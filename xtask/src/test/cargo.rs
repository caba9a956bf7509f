//! Runs `cargo test`, shows what it prints as it prints it, and counts.
//!
//! Every call is about the whole workspace, so that all share what is compiled.

use std::{
    io::{BufRead, BufReader, Read, Write, stderr, stdout},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

use anyhow::{Context, Result};

use super::tally::Tally;
use crate::{paint::Paint, places::Places};

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

/// Runs the tests to their end. Fails when cargo does, other than by tests that failed and are counted.
pub(super) fn test(command: &mut Command) -> Result<Tally> {
    if Paint::for_stderr().is_on() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo cannot be run")?;
    let tally = Mutex::new(Tally::default());
    // Results stand on standard output; a test that skips may say so on either.
    thread::scope(|scope| {
        if let Some(out) = child.stdout.take() {
            scope.spawn(|| follow(out, stdout(), &tally));
        }
        if let Some(err) = child.stderr.take() {
            scope.spawn(|| follow(err, stderr(), &tally));
        }
    });
    let status = child.wait()?;
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !status.success() && tally.failed == 0 {
        // It did not compile, or a test program crashed before it could count.
        eprintln!("cargo test failed ({status})");
        tally.add(&Tally::one_failed());
    }
    Ok(tally)
}

/// Passes lines on and counts them.
fn follow(from: impl Read, mut to: impl Write, tally: &Mutex<Tally>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // A terminal that is gone is no reason to stop the tests.
        let _ = to.write_all(&line);
        let text = String::from_utf8_lossy(&line);
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.read(text.trim_end());
        line.clear();
    }
}
