//! What came of a run, for people. Knows no policy.

use std::fmt::{Result, Write as _};

use serde_json::Value;
use tidegate_text::pointer;

use super::{
    super::{
        styles::{BAD, BOLD, DIM, GOOD, ODD, paint},
        words::{cut, visible},
    },
    compare::Difference,
    run::{CaseResult, Outcome, Run},
};

/// Characters of a value that is shown.
const SHOWN: usize = 300;

/// The failed cases, the coverage and the sum.
pub(super) fn text(run: &Run<'_>) -> std::result::Result<String, std::fmt::Error> {
    let mut out = String::new();
    for result in run.results.iter().filter(|result| result.is_failed()) {
        writeln!(out, "{}", failure(result)?)?;
    }
    let coverage = &run.coverage;
    let title = format!("{} of {} tested, {} %", coverage.tested, coverage.all, coverage.percent);
    writeln!(out, "{}  {title}", paint(BOLD, "coverage"))?;
    for item in &coverage.untested {
        writeln!(out, "  {}  {}", paint(ODD, "not tested"), visible(&item.to_string()))?;
    }
    let (all, failed) = (run.results.len(), run.failed());
    let (style, summary) = match failed {
        0 => (GOOD, format!("{} passed", cases(all))),
        _ => (BAD, format!("{failed} of {} failed", cases(all))),
    };
    let took = paint(DIM, format_args!("in {:.1?}", run.took));
    writeln!(out, "{} {took}", paint(style.bold(), summary)).map(|()| out)
}

fn cases(count: usize) -> String {
    match count {
        1 => "1 case".to_owned(),
        _ => format!("{count} cases"),
    }
}

/// Why a case failed.
pub(super) fn failure(result: &CaseResult<'_>) -> std::result::Result<String, std::fmt::Error> {
    let mut out = String::new();
    let (case, file) = (result.case, result.file.path.display());
    let place = format!("{file}:{}", case.node.line);
    writeln!(out, "{} {place}  {}", paint(BAD.bold(), "FAIL"), visible(&case.name))?;
    match &result.outcome {
        Outcome::Passed => {}
        Outcome::Fault(fault) => {
            writeln!(out, "  the policy gives no answer: {}", visible(&format!("{fault:#}")))?;
        }
        Outcome::Failed {
            differences, reason, ..
        } => {
            if differences.is_empty() {
                writeln!(out, "  it expects nothing: `--update` writes what the policy answers")?;
            }
            for difference in differences {
                differs(&mut out, result, difference)?;
            }
            writeln!(out, "  {} {}", paint(DIM, "the policy says:"), cut(reason, SHOWN))?;
        }
    }
    Ok(out)
}

fn differs(out: &mut String, result: &CaseResult<'_>, difference: &Difference) -> Result {
    let line = line(result, difference);
    writeln!(
        out,
        "  {} {}",
        pointer_of(&difference.place),
        paint(DIM, format_args!("line {line}"))
    )?;
    writeln!(out, "    expected  {}", shown(GOOD, difference.expected.as_ref()))?;
    writeln!(out, "    actual    {}", shown(BAD, difference.actual.as_ref()))
}

/// The line of the expectation that is not met.
pub(super) fn line(result: &CaseResult<'_>, difference: &Difference) -> usize {
    let names = difference.place.iter().map(String::as_str);
    result.case.node.nearest(std::iter::once("expect").chain(names)).line
}

/// The place of a difference, as a JSON Pointer into the expectation.
pub(super) fn pointer_of(place: &[String]) -> String {
    let mut text = String::new();
    for name in place {
        pointer::push(&mut text, name);
    }
    visible(&text)
}

fn shown(style: anstyle::Style, value: Option<&Value>) -> String {
    match value {
        None => paint(DIM, "nothing"),
        Some(value) => paint(style, cut(&value.to_string(), SHOWN)),
    }
}
