//! Counts of tests, with what failed and why tests were skipped.

use std::collections::BTreeMap;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: usize,
    /// What is known of each that failed.
    failures: Vec<String>,
    /// How many were skipped for each reason.
    reasons: BTreeMap<String, usize>,
}

impl Tally {
    pub(crate) fn one_passed() -> Self {
        let mut tally = Self::default();
        tally.pass();
        tally
    }

    pub(crate) fn one_failed(why: impl Into<String>) -> Self {
        let mut tally = Self::default();
        tally.fail(why);
        tally
    }

    pub(crate) fn one_skipped(reason: &str) -> Self {
        let mut tally = Self::default();
        tally.skip(reason, 1);
        tally
    }

    pub(crate) fn pass(&mut self) {
        self.passed += 1;
    }

    pub(crate) fn fail(&mut self, why: impl Into<String>) {
        self.failures.push(why.into());
    }

    pub(crate) fn skip(&mut self, reason: &str, count: usize) {
        *self.reasons.entry(reason.to_owned()).or_default() += count;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failures.extend_from_slice(&other.failures);
        for (reason, count) in &other.reasons {
            self.skip(reason, *count);
        }
    }

    /// What failed, some of it in several lines.
    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }

    pub(crate) fn failed(&self) -> bool {
        !self.failures.is_empty()
    }

    pub(crate) fn skipped(&self) -> bool {
        !self.reasons.is_empty()
    }

    /// `3 passed, 0 failed, 1 skipped`
    pub(crate) fn counts(&self) -> String {
        let skipped: usize = self.reasons.values().sum();
        format!(
            "{} passed, {} failed, {skipped} skipped",
            self.passed,
            self.failures.len()
        )
    }

    /// Why tests were skipped, and how many for each reason.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = (&str, usize)> {
        self.reasons.iter().map(|(reason, count)| (reason.as_str(), *count))
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn tallies_add_up() {
        let mut total = Tally::one_passed();
        total.add(&Tally::one_failed("a: broken"));
        total.add(&Tally::one_skipped("no Go"));
        total.add(&Tally::one_skipped("no Go"));
        assert_eq!(total.counts(), "1 passed, 1 failed, 2 skipped");
        assert_eq!(total.failures(), ["a: broken"]);
        assert_eq!(total.reasons().collect::<Vec<_>>(), [("no Go", 2)]);
    }
}
