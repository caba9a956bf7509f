//! Runs a command that tests, shows what it prints as it prints it, and counts.

use std::{
    io::{BufRead, BufReader, Read, Write, stderr, stdout},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

use anyhow::{Context, Result};

use super::tally::Tally;
use crate::paint::Paint;

/// Runs the tests to their end. Fails when the command does, other than by tests that failed and are counted.
pub(super) fn run(command: &mut Command) -> Result<Tally> {
    if Paint::for_stderr().is_on() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let program = command.get_program().display().to_string();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{program} cannot be run"))?;
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
        eprintln!("{program} failed ({status})");
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
