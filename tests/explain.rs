//! `tidegate explain`, as a person reads it and as a program does.

use rstest::rstest;
use serde_json::Value;
use tidegate_tests::{event, tidegate};

const NOW: &str = "2026-03-02T08:00:00Z";

fn explain(args: &[&str], event: &[u8]) -> String {
    let finished = tidegate(&[&["explain", "--now", NOW], args].concat(), event);
    assert_eq!((finished.code, finished.err.as_str()), (0, ""));
    finished.out
}

fn completed() -> String {
    let recurring = r#"Water the plants","recurring_pattern":"DAILY""#;
    event("c-1")
        .replace("created", "completed")
        .replace("Water the plants\"", recurring)
}

fn rejected() -> String {
    event("e-1")
        .replace("9007199254740993", "\"9\"")
        .replace("09:30:00Z", "noon")
}

fn reminder() -> String {
    event("r-1").replace("task.created", "reminder.due")
}

#[rstest]
#[case::a_valid_event("valid", event("e-1"), "0")]
#[case::a_completed_task("derives", completed(), "0")]
#[case::a_rejected_event("rejected", rejected(), "0")]
#[case::no_json("poison", "\u{1b}[2J{\"event_id\":".to_owned(), "0")]
#[case::a_reminder("reminder-0", reminder(), "0")]
#[case::its_last_retry_but_one("reminder-9", reminder(), "9")]
#[case::its_last_retry("reminder-10", reminder(), "10")]
#[case::beyond_the_last_retry("reminder-11", reminder(), "11")]
#[case::an_unknown_type("unknown-type", event("e-1").replace("task.created", "task.archived"), "1")]
fn the_text_says_what_becomes_of(#[case] name: &str, #[case] event: String, #[case] attempt: &str) {
    let text = explain(&["--attempt", attempt], event.as_bytes());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(
        !text.contains('\u{1b}'),
        "no colours where there is no terminal, and nothing of the event's"
    );
    insta::assert_snapshot!(name, text);
}

#[rstest]
#[case::a_completed_task("derives", completed(), "0")]
#[case::a_rejected_event("rejected", rejected(), "3")]
#[case::its_last_retry("reminder-10", reminder(), "10")]
fn the_json_says_the_same(#[case] name: &str, #[case] event: String, #[case] attempt: &str) {
    let json = explain(&["--json", "--attempt", attempt], event.as_bytes());
    assert_eq!(json.lines().count(), 1, "one object on one line");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    insta::assert_snapshot!(
        format!("{name}-json"),
        serde_json::to_string_pretty(&json).expect("JSON")
    );
}

#[test]
fn bytes_that_are_no_text_are_explained() {
    let text = explain(&[], b"\xff\xfe");
    assert!(
        text.contains("not UTF-8 at byte 1") && text.contains("dlq.failed"),
        "{text}"
    );
}

#[test]
fn an_event_that_stays_in_its_version_is_not_migrated() {
    let text = explain(&["--target", "1.0"], event("e-1").as_bytes());
    assert!(text.contains("migrated  no: it stays 1.0"), "{text}");
}

#[test]
fn long_ids_stay_within_the_page() {
    let long = event(&"i".repeat(256)).replace("user-1", &"é".repeat(256));
    let text = explain(&[], long.as_bytes());
    assert!(
        text.starts_with("forward") && text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[rstest]
#[case::no_such_file(&["/nowhere/event.json"], 3)]
#[case::no_time(&["--now", "noon"], 2)]
#[case::no_number(&["--attempt", "-1"], 2)]
#[case::no_such_policy(&["--policy", "/nowhere/policy.wasm"], 3)]
fn the_exit_code_says_what_is_wrong(#[case] args: &[&str], #[case] code: i32) {
    let finished = tidegate(&[&["explain"], args].concat(), b"{}");
    assert_eq!(finished.code, code, "{}", finished.err);
}
