//! Runs Rust's own test runner, shows what it prints as it prints it, and counts.
//!
//! Its text is read, since its reports are unstable. Each program ends with `test result: ok. 3 passed; 0 failed; 1 ignored; …`. A
//! test that finds out while it runs that it cannot prints a line `skipped: <reason>` and passes; it counts as skipped.

use std::{
    io::{BufRead, BufReader, Read, Write, stderr, stdout},
    mem,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, Result};

use super::tally::Tally;

/// Runs the tests to their end.
pub(super) fn run(command: &mut Command) -> Result<Tally> {
    if AutoStream::choice(&stderr()) != ColorChoice::Never {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo cannot be run")?;
    let counts = Mutex::new(Counts::default());
    // Results stand on standard output; a test that skips may say so on either.
    thread::scope(|scope| {
        if let Some(out) = child.stdout.take() {
            scope.spawn(|| follow(out, stdout(), &counts));
        }
        if let Some(err) = child.stderr.take() {
            scope.spawn(|| follow(err, stderr(), &counts));
        }
    });
    let status = child.wait()?;
    let mut tally = counts.into_inner().unwrap_or_else(PoisonError::into_inner).tally();
    if !status.success() && !tally.failed() {
        // It did not compile, or a test program crashed before it could count.
        tally.fail(format!("cargo test failed ({status})"));
    }
    Ok(tally)
}

/// Passes lines on and counts them.
fn follow(from: impl Read, mut to: impl Write, counts: &Mutex<Counts>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // A terminal that is gone is no reason to stop the tests.
        let _ = to.write_all(&line);
        let text = String::from_utf8_lossy(&line);
        counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .read(text.trim_end());
        line.clear();
    }
}

/// What was read so far.
#[derive(Debug, Default)]
struct Counts {
    tally: Tally,
    /// Of all programs, with those that were skipped while they ran.
    passed: usize,
    skipped_and_passed: usize,
    /// Between `failures:` and the result of a program stands what each failed test printed.
    in_failures: bool,
    /// What stands under the last `---- name stdout ----`.
    failure: String,
}

impl Counts {
    fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.in_failures = false;
            self.passed += number(result, "passed");
            let ignored = number(result, "ignored");
            if ignored > 0 {
                self.tally.skip("marked as ignored", ignored);
            }
        } else if line == "failures:" {
            // A second time, only the names follow.
            self.end_failure();
            self.in_failures = !self.in_failures;
        } else if self.in_failures {
            if line.starts_with("---- ") {
                self.end_failure();
            }
            if !line.is_empty() {
                self.failure += line;
                self.failure.push('\n');
            }
        } else if let Some(reason) = line.strip_prefix("skipped: ") {
            // What the test is about stands behind the reason.
            let reason = reason.rsplit_once(" (").map_or(reason, |(reason, _)| reason);
            self.tally.skip(reason, 1);
            self.skipped_and_passed += 1;
        }
    }

    fn end_failure(&mut self) {
        let failure = mem::take(&mut self.failure);
        if !failure.is_empty() {
            self.tally.fail(failure.trim_end());
        }
    }

    fn tally(mut self) -> Tally {
        self.end_failure();
        for _ in 0..self.passed.saturating_sub(self.skipped_and_passed) {
            self.tally.pass();
        }
        self.tally
    }
}

/// The number before a word in `ok. 3 passed; 0 failed; …`.
fn number(result: &str, word: &str) -> usize {
    let words: Vec<_> = result.split([' ', ';']).collect();
    words
        .windows(2)
        .find(|pair| pair[1] == word)
        .and_then(|pair| pair[0].parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Counts, Tally};

    fn tally(output: &str) -> Tally {
        let mut counts = Counts::default();
        output.lines().for_each(|line| counts.read(line));
        counts.tally()
    }

    #[test]
    fn results_of_all_programs_are_summed_up() {
        let tally = tally(
            "running 4 tests\n\
             test a ... ok\n\
             test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s\n\
             test result: ok. 10 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
        );
        assert_eq!(tally.counts(), "13 passed, 0 failed, 1 skipped");
        assert_eq!(tally.reasons().collect::<Vec<_>>(), [("marked as ignored", 1)]);
    }

    #[test]
    fn a_test_that_skips_itself_is_skipped_and_not_passed() {
        let tally = tally(
            "skipped: not in PATH: go, java (an event arrives)\n\
             skipped: not in PATH: go, java (a kill loses nothing)\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
        );
        assert_eq!(tally.counts(), "1 passed, 0 failed, 2 skipped");
        assert_eq!(tally.reasons().collect::<Vec<_>>(), [("not in PATH: go, java", 2)]);
    }

    #[test]
    fn other_lines_do_not_count() {
        assert_eq!(tally("test skipped: a ... ok\nresult: 3 passed\n"), Tally::default());
    }

    #[test]
    fn what_failed_is_kept() {
        let tally = tally(
            "test a ... FAILED\ntest b ... FAILED\n\nfailures:\n\n---- a stdout ----\nno event came\n\nin a minute\n\n---- b stdout ----\nno\n\n\
             failures:\n    a\n    b\n\n\
             test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n\
             test c ... ok\n",
        );
        assert_eq!(
            tally.failures(),
            [
                "---- a stdout ----\nno event came\nin a minute",
                "---- b stdout ----\nno"
            ]
        );
        assert_eq!(tally.counts(), "1 passed, 2 failed, 0 skipped");
    }
}
