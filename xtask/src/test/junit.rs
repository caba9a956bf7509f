//! Reads test reports in `JUnit`'s format, which every runner used here writes: one element `testcase` for each test.

use anyhow::{Context, Result};
use roxmltree::{Document, Node, ParsingOptions};

use super::tally::Tally;

/// Counts the tests of a report, however it groups them.
pub(super) fn read(xml: &str) -> Result<Tally> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(xml, options).context("not XML")?;
    let mut tally = Tally::default();
    for test in document.descendants().filter(|node| node.has_tag_name("testcase")) {
        let part = |names: &[&str]| test.children().find(|child| names.contains(&child.tag_name().name()));
        if let Some(failure) = part(&["failure", "error"]) {
            tally.fail(format!("{}\n{}", name(test), words(failure)));
        } else if let Some(skipped) = part(&["skipped"]) {
            let reason = words(skipped);
            tally.skip(reason.lines().next().unwrap_or("no reason given"), 1);
        } else {
            tally.pass();
        }
    }
    Ok(tally)
}

/// `where: name`
fn name(test: Node<'_, '_>) -> String {
    let attribute = |name| test.attribute(name).unwrap_or_default();
    match (attribute("classname"), attribute("name")) {
        ("", name) => name.to_owned(),
        (class, name) => format!("{class}: {name}"),
    }
}

/// The text of a failure or a skip: the whole one where there is one, else its summary.
fn words(node: Node<'_, '_>) -> String {
    let text = node.text().unwrap_or_default().trim();
    let short = node.attribute("message").unwrap_or_default().trim();
    match (short, text) {
        (short, "") => short.to_owned(),
        ("", text) => text.to_owned(),
        (short, text) if text.contains(short) => text.to_owned(),
        (short, text) => format!("{short}\n{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[track_caller]
    fn counts(xml: &str, expected: &str) {
        assert_eq!(read(xml).expect("a report").counts(), expected, "{xml}");
    }

    #[test]
    fn every_runner_is_understood() {
        // pytest
        counts(
            r#"<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="3">
               <testcase classname="tests.test_load" name="test_good" time="0.1" />
               <testcase classname="tests.test_load" name="test_bad"><failure message="assert 1 == 2">def test_bad(): …</failure></testcase>
               <testcase classname="tests.test_load" name="test_none"><skipped type="pytest.skip" message="no fork">/a.py:3: no fork</skipped></testcase>
               </testsuite></testsuites>"#,
            "1 passed, 1 failed, 1 skipped",
        );
        // node: tests of a suite stand in it, others beside it
        counts(
            r#"<?xml version="1.0" encoding="utf-8"?><testsuites>
               <testcase name="alone" time="0.001" classname="test"/>
               <testsuite name="group" tests="2" failures="1" skipped="1"><testcase name="in it"><failure type="testCodeFailure" message="no">no</failure></testcase>
               <testcase name="later"><skipped type="skipped" message="no Chromium"/></testcase></testsuite>
               <!-- tests 3 --></testsuites>"#,
            "1 passed, 1 failed, 1 skipped",
        );
        // gotestsum
        counts(
            r#"<?xml version="1.0" encoding="UTF-8"?><testsuites tests="2" failures="0"><testsuite tests="2" name="tidegate">
               <properties><property name="go.version" value="go1.26.5"></property></properties>
               <testcase classname="tidegate" name="TestVectors" time="2.3"></testcase>
               <testcase classname="tidegate" name="TestOther"><skipped message="=== RUN TestOther&#xA;    no Python"></skipped></testcase></testsuite></testsuites>"#,
            "1 passed, 0 failed, 1 skipped",
        );
        // Surefire
        counts(
            r#"<testsuite name="dev.tidegate.PolicyTest" tests="2" errors="1"><properties/>
               <testcase name="loads" classname="dev.tidegate.PolicyTest" time="0.4"><system-out><![CDATA[<testcase/>]]></system-out></testcase>
               <testcase name="closes"><error message="gone" type="java.lang.IllegalStateException">at …</error></testcase></testsuite>"#,
            "1 passed, 1 failed, 0 skipped",
        );
    }

    #[test]
    fn what_failed_and_why_tests_were_skipped_is_kept() {
        let tally = read(
            r#"<testsuite><testcase classname="a" name="b"><failure message="left != right">left != right
at line 3</failure></testcase><testcase name="c"><skipped message="no Go"/></testcase></testsuite>"#,
        )
        .expect("a report");
        assert_eq!(tally.failures(), ["a: b\nleft != right\nat line 3"]);
        assert_eq!(tally.reasons().collect::<Vec<_>>(), [("no Go", 1)]);
    }

    #[test]
    fn what_is_no_report_is_an_error() {
        assert!(read("<testsuite><testcase></testsuite>").is_err());
        assert!(read("").is_err());
    }
}
