//! `tidegate test`: the cases of a policy's folder, by the built program.

use std::{fs, path::Path};

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;
use tidegate_harness::{copy_dir, repository};
use tidegate_tests::{Finished, tidegate};

const ORDER: &str = r#"{ id: o-1, type: order.placed, schemaVersion: "2", customerId: c-1, occurredAt: 2026-03-02T08:04:00Z, data: { orderId: 1, total: "24.90", currency: EUR, lines: [{ sku: tea, qty: 3 }] } }"#;

/// A copy of `examples/orders` with these cases alone.
fn orders(cases: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    copy_dir(&repository().join("examples/orders"), dir.path()).expect("copied");
    fs::remove_dir_all(dir.path().join("tests")).expect("removed");
    fs::create_dir(dir.path().join("tests")).expect("made");
    fs::write(dir.path().join("tests/cases.yaml"), cases).expect("written");
    dir
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

fn test(dir: &TempDir, more: &[&str]) -> Finished {
    // The examples show the cases; what is proved has tests of its own.
    let args: Vec<&str> = ["test", text(dir.path()), "--prove-events", "10"]
        .iter()
        .chain(more)
        .copied()
        .collect();
    tidegate(&args, b"")
}

fn case(expect: &str) -> String {
    format!("- name: an order\n  event: {ORDER}\n  expect:\n{expect}")
}

#[test]
fn the_cases_of_the_example_pass_and_cover_it() {
    let folder = repository().join("examples/orders").display().to_string();
    let tested = tidegate(&["test", &folder, "--coverage-min", "100"], b"");
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
    assert!(tested.out.contains("cases passed"), "{}", tested.out);
}

/// What is said of an order, and where the policy says something else: the place, its line, what is expected, and what is said.
#[rstest]
#[case::decision("    decision: reject\n", "/decision", 4, r#""reject""#, r#""forward""#)]
#[case::rule("    rule: test-tenant\n", "/rule", 4, r#""test-tenant""#, "null")]
#[case::claim(
    "    key: c-1\n    claim: o-1\n",
    "/claim",
    5,
    r#""o-1""#,
    r#""type:order.placed:o-1""#
)]
#[case::number_as_version("    version: 1\n", "/version", 4, r#""1""#, r#""2""#)]
#[case::violations(
    "    violations:\n      - { code: type, path: /id }\n",
    "/violations",
    5,
    r#"[{"code":"type","path":"/id"}]"#,
    "[]"
)]
#[case::no_output(
    "    outputs: []\n",
    "/outputs",
    4,
    "[]",
    r#"[{"channel":"orders","key":"c-1","id":"o-1","type":"order.placed"}]"#
)]
#[case::channel(
    "    outputs: [{ channel: payments }]\n",
    "/outputs/0/channel",
    4,
    r#""payments""#,
    r#""orders""#
)]
#[case::digits(
    "    outputs:\n      - event:\n          data: { orderId: 1.0 }\n",
    "/outputs/0/event/data/orderId",
    6,
    "1.0",
    "1"
)]
#[case::member_that_is_not_there(
    "    outputs: [{ event: { vip: null } }]\n",
    "/outputs/0/event/vip",
    4,
    "null",
    "nothing"
)]
#[case::exact(
    "    outputs:\n      - exact: true\n        event: { id: o-1 }\n",
    "/outputs/0/event/type",
    6,
    "nothing",
    r#""order.placed""#
)]
#[case::shorter_list(
    "    outputs: [{ event: { data: { lines: [] } } }]\n",
    "/outputs/0/event/data/lines",
    4,
    "[]",
    r#"[{"sku":"tea","qty":3}]"#
)]
#[case::migration(
    "    migrate: { to: 1, event: { data: { total: 24.9 } } }\n",
    "/migrate/event/data/total",
    4,
    "24.9",
    "24.90"
)]
#[case::migration_that_works(
    "    migrate: { to: 1, fails: no-path }\n",
    "/migrate/fails",
    4,
    r#""no-path""#,
    "nothing"
)]
#[case::migration_that_fails("    migrate: { to: 3 }\n", "/migrate/fails", 4, "nothing", r#""no-path""#)]
#[case::next_attempt(
    "    next_attempt:\n      0: 5s\n      1: 2m\n",
    "/next_attempt/1",
    6,
    r#""2m""#,
    r#""1m""#
)]
#[case::dead_letter("    next_attempt: { 3: 1h }\n", "/next_attempt/3", 4, r#""1h""#, r#""dead_letter""#)]
fn a_difference_has_its_place_and_its_line(
    #[case] expect: &str,
    #[case] path: &str,
    #[case] line: u64,
    #[case] expected: &str,
    #[case] actual: &str,
) {
    let dir = orders(&case(expect));
    let tested = test(&dir, &[]);
    assert_eq!(tested.code, 1, "{}{}", tested.out, tested.err);
    let found: Vec<_> = tested.out.lines().map(str::trim).collect();
    let begins = format!("{path} line {line}");
    let at = found
        .iter()
        .position(|found| *found == begins)
        .unwrap_or_else(|| panic!("{begins}: {}", tested.out));
    assert_eq!(found[at + 1], format!("expected  {expected}"));
    assert_eq!(found[at + 2], format!("actual    {actual}"));
    assert!(tested.out.contains("tests/cases.yaml:1  an order"), "{}", tested.out);

    let report = test(&dir, &["--json"]);
    let report: Value = serde_json::from_str(&report.out).expect("JSON");
    assert_eq!(report["failed"], 1);
    let differences = report["cases"][0]["differences"].as_array().expect("a list");
    assert!(
        differences.iter().any(|one| one["path"] == path && one["line"] == line),
        "{report}"
    );

    // What `--update` writes passes, and is not written again.
    let updated = test(&dir, &["--update"]);
    assert_eq!(updated.code, 0, "{}{}", updated.out, updated.err);
    assert!(updated.err.contains("updated "), "{}", updated.err);
    let written = fs::read(dir.path().join("tests/cases.yaml")).expect("readable");
    let again = test(&dir, &["--update"]);
    assert_eq!((again.code, &*again.err), (0, ""));
    assert_eq!(
        fs::read(dir.path().join("tests/cases.yaml")).expect("readable"),
        written
    );
}

#[test]
fn a_case_that_expects_nothing_fails_until_its_answer_is_written() {
    let cases = format!(
        "# My cases.\n- name: an order # the first\n  event: {ORDER}\n\n- name: no event\n  event: '{{\"id\":1'\n"
    );
    let dir = orders(&cases);
    let tested = test(&dir, &[]);
    assert_eq!(tested.code, 1);
    assert!(
        tested.out.contains("2 of 2 cases failed") && tested.out.contains("--update"),
        "{}",
        tested.out
    );
    let updated = test(&dir, &["--update"]);
    assert_eq!(updated.code, 0, "{}{}", updated.out, updated.err);
    assert_eq!(
        fs::read_to_string(dir.path().join("tests/cases.yaml")).expect("readable"),
        format!(
            "# My cases.\n- name: an order # the first\n  event: {ORDER}\n  expect:\n    decision: forward\n    outputs: [{{ channel: orders, key: c-1, id: o-1, type: order.placed, unchanged: true }}]\n\n- name: no event\n  event: '{{\"id\":1'\n  expect:\n    decision: reject\n    violations: [{{ code: not-json, path: \"\" }}]\n"
        )
    );
}

#[test]
fn coverage_names_what_no_case_has_seen() {
    let dir = orders(&case("    migrate: { to: 1 }\n"));
    let tested = test(&dir, &["--coverage-min", "26"]);
    assert_eq!(tested.code, 1, "{}", tested.out);
    assert!(tested.out.contains("2 of 8 tested, 25 %"), "{}", tested.out);
    for untested in [
        "order.placed 1\n",
        "order.placed 1 → 2",
        "order.placed rule total-positive",
        "order.placed drop rule test-tenant",
        "order.cancelled 1",
        "payment.received 1",
    ] {
        assert!(
            tested.out.contains(&format!("not tested  {untested}")),
            "{untested}: {}",
            tested.out
        );
    }
    assert!(!tested.out.contains("2 → 1"), "{}", tested.out);
    assert!(
        tested.err.contains("25 %") && tested.err.contains("26 %"),
        "{}",
        tested.err
    );
    assert_eq!(test(&dir, &["--coverage-min", "25"]).code, 0);
}

#[test]
fn a_filter_chooses_cases_by_name() {
    let cases = [
        case("    decision: reject\n"),
        case("    decision: forward\n").replace("an order", "a good one"),
    ];
    let dir = orders(&cases.concat());
    assert_eq!(test(&dir, &[]).code, 1);
    let one = test(&dir, &["--filter", "good"]);
    assert!(one.code == 0 && one.out.contains("1 case passed"), "{}", one.out);
    let none = test(&dir, &["--filter", "bad"]);
    assert_eq!(none.code, 2, "{}{}", none.out, none.err);
}

#[test]
fn the_report_for_a_ci_server_names_each_case() {
    let cases = [
        case("    decision: reject\n").replace("an order", "'an \"order\" <&>'"),
        case("    key: c-1\n"),
    ];
    let dir = orders(&cases.concat());
    let file = dir.path().join("report.xml");
    let tested = test(&dir, &["--report", &format!("junit={}", text(&file))]);
    assert_eq!(tested.code, 1, "{}", tested.err);
    let report = fs::read_to_string(&file).expect("readable");
    for part in [
        r#"<testsuites name="tidegate test" tests="2" failures="1""#,
        r#"name="an &quot;order&quot; &lt;&amp;&gt;""#,
        r#"line="5""#,
        "<failure message=\"/decision line 4\">",
        "expected  &quot;reject&quot;",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert_eq!(report.matches("<testcase ").count(), 2);
    assert_eq!(test(&dir, &["--report", "html=x"]).code, 2);
}

#[test]
fn cases_are_no_part_of_the_policy_and_run_on_what_is_built_of_it() {
    let (dir, out) = (
        orders(&case("    outputs: [{ channel: orders, unchanged: true }]\n")),
        tempfile::tempdir().expect("a directory"),
    );
    let wasm = out.path().join("orders.wasm");
    let build = tidegate(&["build", text(dir.path()), "-o", text(&wasm)], b"");
    assert_eq!(build.code, 0, "{}", build.err);
    let tested = test(&dir, &["--policy", text(&wasm)]);
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
    // Another policy: this one knows no orders.
    let tasks = repository().join("schemas");
    let other = test(&dir, &["--policy", text(&tasks)]);
    assert_eq!(other.code, 1, "{}{}", other.out, other.err);
    fs::remove_dir_all(dir.path().join("tests")).expect("removed");
    let check = tidegate(&["build", text(dir.path()), "--check", text(&wasm)], b"");
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
}

#[test]
fn an_event_may_be_in_a_file_and_have_attributes() {
    let event = r#"{"orderId":104,"total":24.90,"lines":[{"sku":"tea","quantity":3}]}"#;
    let cases = r#"
- name: the data of a CloudEvent
  file: events/order.json
  attributes: { id: "42", source: /shop, type: order.placed, subject: c-4, time: 2026-03-02T08:05:00Z, tenant: eu }
  expect:
    claim: source:/shop:42
    outputs: [{ key: c-4, event: { total: "24.90" }, attributes: { tenant: eu } }]
- name: in the version that it has
  file: events/order.json
  target: 1
  attributes: { id: "42", source: /shop, type: order.placed, subject: c-4, time: 2026-03-02T08:05:00Z }
  expect: { outputs: [{ unchanged: true }] }
"#;
    let dir = orders(cases);
    fs::create_dir(dir.path().join("tests/events")).expect("made");
    fs::write(dir.path().join("tests/events/order.json"), event).expect("written");
    let tested = test(&dir, &[]);
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
}

/// Two texts may state one time, and none is a time too.
#[test]
fn the_time_before_which_an_output_does_not_leave_is_expected_as_a_time() {
    let event = ORDER.replace("orderId: 1", "orderId: 1, from: 2026-03-02T10:00:00+01:00");
    let case = |event: &str, expected: &str| {
        format!(
            "- name: an order\n  event: {event}\n  now: 2026-03-02T08:04:00Z\n  expect: {{ outputs: [{{ not_before: {expected} }}] }}\n"
        )
    };
    let tested = |cases: &str| {
        let dir = orders(cases);
        let manifest = dir.path().join("policy.yaml");
        let text = fs::read_to_string(&manifest).expect("readable");
        let from = "    retry: [5s, 1m, 10m]\n";
        assert!(text.contains(from), "{text}");
        fs::write(
            &manifest,
            text.replace(from, &format!("{from}    not_before: /data/from\n")),
        )
        .expect("written");
        test(&dir, &["--no-prove"])
    };
    let right = tested(&[case(&event, "2026-03-02T09:00:00Z"), case(ORDER, "null")].concat());
    assert_eq!(right.code, 0, "{}{}", right.out, right.err);
    let wrong = tested(&case(&event, "2026-03-02T10:00:00Z"));
    assert_eq!(wrong.code, 1, "{}{}", wrong.out, wrong.err);
    for part in [
        r#"expected  "2026-03-02T10:00:00.000Z""#,
        r#"actual    "2026-03-02T09:00:00.000Z""#,
    ] {
        assert!(wrong.out.contains(part), "{part}: {}", wrong.out);
    }
    let no_time = tested(&case(&event, "soon"));
    assert!(no_time.err.contains("\"soon\" is no time"), "{}", no_time.err);
}

/// What is wrong with a file of cases, and what is said of it.
#[rstest]
#[case::no_list("cases: []\n", ":1: a file of cases is a list")]
#[case::unknown_key(
    "- name: a\n  event: {}\n  expects: {}\n",
    ":3: unknown field `expects`, expected one of `name`"
)]
#[case::unknown_expectation(
    "- name: a\n  event: {}\n  expect:\n    decison: drop\n",
    ":4: unknown field `decison`"
)]
#[case::decision(
    "- name: a\n  event: {}\n  expect:\n    decision: accept\n",
    ":4: unknown variant `accept`"
)]
#[case::delay(
    "- name: a\n  event: {}\n  expect: { next_attempt: { 0: soon } }\n",
    ":3: \"soon\" is neither a delay such as 5s nor dead_letter"
)]
#[case::no_event("- name: a\n  expect: {}\n", ":1: the case \"a\" has an event, or a file")]
#[case::two_events(
    "- name: a\n  event: {}\n  file: a.json\n",
    ":1: the case \"a\" has an event, or a file"
)]
#[case::no_file("- name: a\n  file: a.json\n", ":2: ")]
#[case::time("- name: a\n  event: {}\n  now: today\n", ":3: \"today\" is no time")]
#[case::attributes(
    "- name: a\n  event: {}\n  attributes: { \"a b\": 1 }\n",
    ":3: no attribute can have the name"
)]
#[case::yaml("- name: a\n  event: {\n", ":2: unclosed")]
#[case::no_cases("", "there are no cases: write one into")]
fn what_is_wrong_with_a_case_is_said_with_its_line(#[case] cases: &str, #[case] said: &str) {
    let dir = orders(cases);
    let tested = test(&dir, &[]);
    assert_eq!(tested.code, 3, "{}{}", tested.out, tested.err);
    assert!(tested.err.contains(said), "{said}: {}", tested.err);
}
