//! Counts of tests, read off what they print.
//!
//! Rust's test programs end with `test result: ok. 3 passed; 0 failed; 1 ignored; …`; other languages' as `dialects` says. A test that finds out while it
//! runs that it cannot (no Java, no Kafka) prints a line `skipped: <reason>` and passes; it is counted as skipped. What a
//! program prints between `failures:` and its result is kept, so that it can be read again at the end of a long run.

use std::collections::BTreeMap;

use super::dialects;

/// How many tests passed, failed and were skipped, and why.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    /// As the test programs say, with those that passed by skipping.
    passed: usize,
    passed_by_skipping: usize,
    reasons: BTreeMap<String, usize>,
    failures: Vec<String>,
    in_failures: bool,
}

impl Tally {
    pub(crate) fn one_passed() -> Self {
        Self {
            passed: 1,
            ..Self::default()
        }
    }

    pub(crate) fn one_failed() -> Self {
        Self {
            failed: 1,
            ..Self::default()
        }
    }

    pub(crate) fn one_skipped(reason: &str) -> Self {
        let mut tally = Self::default();
        tally.skip(reason, 1);
        tally
    }

    /// Looks at a line that a test program printed.
    pub(crate) fn read(&mut self, line: &str) {
        self.keep_failure(line);
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += count(result, "passed");
            self.failed += count(result, "failed");
            let ignored = count(result, "ignored");
            if ignored > 0 {
                self.skip("marked as ignored", ignored);
            }
        } else if let Some(counts) = dialects::read(line) {
            self.passed += counts.passed;
            self.failed += counts.failed;
            if counts.skipped > 0 {
                self.skip("see above", counts.skipped);
            }
        } else if let Some(reason) = line.strip_prefix("skipped: ") {
            // The test's name stands behind the reason.
            let reason = reason.rsplit_once(" (").map_or(reason, |(reason, _)| reason);
            self.skip(reason, 1);
            self.passed_by_skipping += 1;
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.passed_by_skipping += other.passed_by_skipping;
        self.failed += other.failed;
        for (reason, count) in &other.reasons {
            self.skip(reason, *count);
        }
        self.failures.extend_from_slice(&other.failures);
    }

    /// What the test programs said of tests that failed, line by line.
    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }

    /// `3 passed, 0 failed, 1 skipped`
    pub(crate) fn counts(&self) -> String {
        let passed = self.passed.saturating_sub(self.passed_by_skipping);
        let Self { failed, skipped, .. } = self;
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    }

    /// Why tests were skipped, and how many for each reason.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = (&str, usize)> {
        self.reasons.iter().map(|(reason, count)| (reason.as_str(), *count))
    }

    fn keep_failure(&mut self, line: &str) {
        if line.starts_with("test result: ") {
            self.in_failures = false;
        } else if line == "failures:" {
            // A second time, only the names follow.
            self.in_failures = !self.in_failures;
        } else if self.in_failures && !line.is_empty() {
            self.failures.push(line.to_owned());
        }
    }

    fn skip(&mut self, reason: &str, count: usize) {
        self.skipped += count;
        *self.reasons.entry(reason.to_owned()).or_default() += count;
    }
}

/// The number before a word in `ok. 3 passed; 0 failed; …`.
fn count(result: &str, word: &str) -> usize {
    let words: Vec<_> = result.split([' ', ';']).collect();
    words
        .windows(2)
        .find(|pair| pair[1] == word)
        .and_then(|pair| pair[0].parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn results_of_all_programs_are_summed_up() {
        let tally = tally(
            "running 4 tests\n\
             test a ... ok\n\
             test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s\n\
             test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n",
        );
        assert_eq!(tally.counts(), "13 passed, 2 failed, 1 skipped");
        assert_eq!(tally.reasons().collect::<Vec<_>>(), [("marked as ignored", 1)]);
    }

    #[test]
    fn a_test_that_says_so_is_skipped_and_not_passed() {
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
            "test a ... FAILED\n\nfailures:\n\n---- a ----\nno event came\n\n\nfailures:\n    a\n\n\
             test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n\
             test b ... ok\n",
        );
        assert_eq!(tally.failures(), ["---- a ----", "no event came"]);
    }

    #[test]
    fn tallies_add_up() {
        let mut total = Tally::one_passed();
        total.add(&Tally::one_failed());
        total.add(&Tally::one_skipped("no Go"));
        assert_eq!(total.counts(), "1 passed, 1 failed, 1 skipped");
    }
}
