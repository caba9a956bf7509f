//! The report of a run for CI servers: JUnit's XML. Knows no policy.

use std::{
    fmt::{Result, Write as _},
    time::Duration,
};

use tidegate_text::escape;

use super::{
    run::{CaseResult, Run},
    text,
};

/// The report. A suite is a file of cases.
pub(super) fn report(run: &Run<'_>) -> std::result::Result<String, std::fmt::Error> {
    let mut out = String::new();
    let (all, failed) = (run.results.len(), run.failed());
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    let time = seconds(run.took);
    writeln!(
        out,
        r#"<testsuites name="tidegate test" tests="{all}" failures="{failed}" time="{time}">"#
    )?;
    for suite in run.results.chunk_by(|one, other| std::ptr::eq(one.file, other.file)) {
        let failed = suite.iter().filter(|result| result.is_failed()).count();
        let time = seconds(suite.iter().map(|result| result.took).sum());
        let (name, all) = (name(&suite[0]), suite.len());
        writeln!(
            out,
            r#"  <testsuite name="{name}" tests="{all}" failures="{failed}" time="{time}">"#
        )?;
        suite.iter().try_for_each(|result| case(&mut out, result))?;
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>").map(|()| out)
}

fn case(out: &mut String, result: &CaseResult<'_>) -> Result {
    let (file, line, time) = (name(result), result.case.node.line, seconds(result.took));
    let title = xml(&result.case.name);
    write!(
        out,
        r#"    <testcase classname="{file}" name="{title}" file="{file}" line="{line}" time="{time}""#
    )?;
    if !result.is_failed() {
        return writeln!(out, "/>");
    }
    let details = anstream::adapter::strip_str(&text::failure(result)?).to_string();
    let first = details.lines().nth(1).unwrap_or_default().trim();
    writeln!(out, ">")?;
    writeln!(
        out,
        r#"      <failure message="{}">{}</failure>"#,
        xml(first),
        xml(details.trim_end())
    )?;
    writeln!(out, "    </testcase>")
}

fn name(result: &CaseResult<'_>) -> String {
    xml(&result.file.path.display().to_string())
}

fn seconds(time: Duration) -> String {
    format!("{:.6}", time.as_secs_f64())
}

/// A text in an attribute or between tags. Characters that XML does not allow become spaces.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("&#10;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            other if escape::is_escaped(other) => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
