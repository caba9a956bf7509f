//! Runs cases and keeps what came of each. Knows no file format and no output.

use std::time::{Duration, Instant};

use tidegate_engine::Policy;

use super::{
    answer::Answer,
    ask::ask,
    cases::{Case, CaseFile},
    compare::{Difference, compare},
    coverage::{Coverage, Tested},
};

/// What came of all cases.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) results: Vec<CaseResult<'a>>,
    pub(super) coverage: Coverage,
    pub(super) took: Duration,
}

/// What came of a case.
#[derive(Debug)]
pub(super) struct CaseResult<'a> {
    pub(super) file: &'a CaseFile,
    pub(super) case: &'a Case,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
}

/// How a case ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Passed,
    Failed {
        /// Empty: the case expects nothing.
        differences: Vec<Difference>,
        answer: Box<Answer>,
        /// The policy's reason, in one line.
        reason: String,
    },
    /// The policy gave no answer.
    Fault(anyhow::Error),
}

/// Runs the cases whose names contain `filter`.
pub(super) async fn run<'a>(policy: &Policy, files: &'a [CaseFile], filter: &str) -> Run<'a> {
    let started = Instant::now();
    let mut tested = Tested::default();
    let mut results = Vec::new();
    for file in files {
        for case in file.cases.iter().filter(|case| case.name.contains(filter)) {
            let started = Instant::now();
            let outcome = match ask(policy, case).await {
                Ok(asked) => {
                    tested.add(&asked);
                    let differences = case.expected.as_ref().map(|expected| compare(expected, &asked.answer));
                    match differences {
                        Some(differences) if differences.is_empty() => Outcome::Passed,
                        differences => Outcome::Failed {
                            differences: differences.unwrap_or_default(),
                            answer: Box::new(asked.answer),
                            reason: asked.reason,
                        },
                    }
                }
                Err(fault) => Outcome::Fault(fault),
            };
            results.push(CaseResult {
                file,
                case,
                outcome,
                took: started.elapsed(),
            });
        }
    }
    Run {
        results,
        coverage: tested.of(policy.catalog()),
        took: started.elapsed(),
    }
}

impl Run<'_> {
    pub(super) fn failed(&self) -> usize {
        self.results.iter().filter(|result| result.is_failed()).count()
    }
}

impl CaseResult<'_> {
    pub(super) fn is_failed(&self) -> bool {
        !matches!(self.outcome, Outcome::Passed)
    }
}
