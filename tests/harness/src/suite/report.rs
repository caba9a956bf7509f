//! What became of each test, as a report in `JUnit`'s format.

use std::{
    any::Any,
    env, fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

/// The variable that names the folder for reports.
const FOLDER: &str = "TEST_REPORTS";

/// What became of a test.
#[derive(Debug)]
pub(super) enum Outcome {
    Passed,
    /// It cannot run here, for this reason.
    Skipped(String),
    Failed(String),
}

/// The tests that ended so far.
#[derive(Debug, Default)]
pub(super) struct Report(Mutex<Vec<TestCase>>);

impl Outcome {
    /// Of a test that panicked; where it did, the panic itself has printed.
    pub(super) fn panicked(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Self::Failed(format!("it panicked: {}", text.unwrap_or("without a text")))
    }

    fn status(&self) -> TestCaseStatus {
        match self {
            Self::Passed => TestCaseStatus::success(),
            Self::Skipped(reason) => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(reason.as_str());
                status
            }
            Self::Failed(error) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_description(error.as_str());
                status
            }
        }
    }
}

impl Report {
    pub(super) fn add(&self, name: &str, outcome: &Outcome, took: Duration) {
        let mut test = TestCase::new(name, outcome.status());
        test.set_time(took);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(test);
    }

    /// Writes the report where one is asked for.
    pub(super) fn write(&self, program: &str) -> Result<()> {
        let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
            return Ok(());
        };
        let file = folder.join(program).with_extension("xml");
        fs::write(&file, self.xml(program)?).with_context(|| file.display().to_string())
    }

    fn xml(&self, program: &str) -> Result<String> {
        let mut suite = TestSuite::new(program);
        for test in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let mut test = test.clone();
            test.set_classname(program);
            suite.add_test_case(test);
        }
        let mut report = quick_junit::Report::new(program);
        report.add_test_suite(suite);
        Ok(report.to_string()?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Outcome, Report};

    #[test]
    fn a_report_says_what_became_of_each_test() {
        let report = Report::default();
        let panic: Box<dyn std::any::Any + Send> = Box::new("no <topic>");
        for (name, outcome) in [
            ("a record arrives", Outcome::Passed),
            ("a \"kill\" loses nothing", Outcome::panicked(&*panic)),
            (
                "a state is kept",
                Outcome::Skipped("redis-server is not in PATH".to_owned()),
            ),
        ] {
            report.add(name, &outcome, Duration::from_millis(1500));
        }
        let xml = report.xml("services").expect("XML");
        for expected in [
            r#"name="services" tests="3" skipped="1" errors="0" failures="1""#,
            r#"<testcase name="a record arrives" classname="services" time="1.500""#,
            "<failure>it panicked: no &lt;topic&gt;</failure>",
            r#"<skipped message="redis-server is not in PATH"/>"#,
        ] {
            assert!(xml.contains(expected), "{expected} in\n{xml}");
        }
    }
}
