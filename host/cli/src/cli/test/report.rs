//! What came of a run, for programs: one JSON object. Knows no policy.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::{
    coverage::Coverage,
    run::{CaseResult, Outcome, Run},
    text,
};

#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    passed: usize,
    failed: usize,
    cases: Vec<CaseReport<'a>>,
    coverage: &'a Coverage,
}

#[derive(Debug, Serialize)]
struct CaseReport<'a> {
    name: &'a str,
    file: &'a Path,
    line: usize,
    passed: bool,
    /// Why the policy gives no answer.
    fault: Option<String>,
    /// What the policy decides, and why; of failed cases.
    reason: Option<&'a str>,
    differences: Vec<DifferenceReport<'a>>,
}

#[derive(Debug, Serialize)]
struct DifferenceReport<'a> {
    /// JSON Pointer into the expectation.
    path: String,
    line: usize,
    expected: Option<&'a Value>,
    actual: Option<&'a Value>,
}

impl<'a> Report<'a> {
    pub(super) fn new(run: &'a Run<'a>) -> Self {
        let failed = run.failed();
        Self {
            passed: run.results.len() - failed,
            failed,
            cases: run.results.iter().map(CaseReport::new).collect(),
            coverage: &run.coverage,
        }
    }
}

impl<'a> CaseReport<'a> {
    fn new(result: &'a CaseResult<'a>) -> Self {
        let (differences, reason, fault) = match &result.outcome {
            Outcome::Passed => (&[][..], None, None),
            Outcome::Failed {
                differences, reason, ..
            } => (&differences[..], Some(&**reason), None),
            Outcome::Fault(fault) => (&[][..], None, Some(format!("{fault:#}"))),
        };
        let differences = differences.iter().map(|difference| DifferenceReport {
            path: text::pointer_of(&difference.place),
            line: text::line(result, difference),
            expected: difference.expected.as_ref(),
            actual: difference.actual.as_ref(),
        });
        Self {
            name: &result.case.name,
            file: &result.file.path,
            line: result.case.node.line,
            passed: !result.is_failed(),
            fault,
            reason,
            differences: differences.collect(),
        }
    }
}
