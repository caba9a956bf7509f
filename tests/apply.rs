//! `tidegate apply` and the other commands that need no server, as a person runs them.

use rstest::rstest;
use serde_json::Value;
use tidegate_tests::{event, tidegate, tidegate_with};

const NOW: &str = "2026-03-02T08:00:00Z";

fn apply(args: &[&str], input: &[u8]) -> Vec<Value> {
    let finished = tidegate(&[&["apply", "--now", NOW], args].concat(), input);
    assert_eq!(finished.code, 0, "{}", finished.err);
    finished
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn one_line_out_for_each_line_in() {
    let completed = r#"{"event_id":"c-1","event_type":"task.completed","task_id":1,"user_id":"user-1","timestamp":"2026-01-31T09:00:00+02:00","payload":{"recurring_pattern":"MONTHLY"}}"#;
    let input = [
        event("e-1").as_bytes(),
        completed.as_bytes(),
        b"not json",
        b"\xff\xfe",
        br#"{"event_id":"x","event_type":"task.created","task_id":"123","payload":{}}"#,
    ]
    .join(&b'\n');
    let finished = tidegate(&["apply", "--now", NOW], &input);
    assert_eq!(finished.code, 0, "{}", finished.err);
    insta::assert_snapshot!(finished.out);
}

#[test]
fn a_target_version_is_kept() {
    let up = &apply(&[], event("e-1").as_bytes())[0];
    assert_eq!(up["outputs"][0]["event"]["event_version"], "1.1");
    let stays = &apply(&["--target", "1.0"], event("e-1").as_bytes())[0];
    assert_eq!(
        stays["outputs"][0]["event"].to_string(),
        event("e-1"),
        "byte for byte as it came"
    );
}

#[rstest]
fn of_a_version_that_no_type_has_people_are_told(#[values("apply", "explain")] command: &str) {
    let finished = tidegate(&[command, "--target", "9.9"], event("e-1").as_bytes());
    assert_eq!(finished.code, 0, "{}", finished.err);
    assert!(finished.out.contains("reject"), "{}", finished.out);
    let why = "--target 9.9: no event type of this policy has that version; there are 1.0, 1.1\n";
    assert!(finished.err.ends_with(why), "{}", finished.err);
}

#[test]
fn order_is_kept_over_many_lines() {
    let input: String = (0..5_000).map(|number| event(&format!("e-{number}")) + "\n").collect();
    for (number, line) in apply(&["--isolation", "reuse"], input.as_bytes()).iter().enumerate() {
        assert_eq!(line["outputs"][0]["id"], format!("e-{number}"));
    }
}

#[rstest]
#[case::none_rejected(&["--fail-on", "reject"], &event("e-1"), 0)]
#[case::one_rejected(&["--fail-on", "reject"], "{}", 1)]
#[case::rejected_and_not_asked(&[], "{}", 0)]
#[case::no_such_decision(&["--fail-on", "forwarded"], "", 2)]
#[case::no_such_policy(&["--policy", "/nowhere/policy.wasm"], "", 3)]
#[case::no_time(&["--now", "yesterday"], "{}", 2)]
#[case::no_time_for_the_policy(&["--now", "2026-03-01 09:30:00Z"], "{}", 2)]
fn the_exit_code_says_how_it_went(#[case] args: &[&str], #[case] input: &str, #[case] code: i32) {
    let finished = tidegate(&[&["apply"], args].concat(), input.as_bytes());
    assert_eq!(finished.code, code, "{}", finished.err);
}

#[test]
fn without_a_cache_directory_there_is_one_warning_and_no_failure() {
    let home = [("HOME", "/dev/null"), ("XDG_CACHE_HOME", "/dev/null/cache")];
    let finished = tidegate_with(&home, &["apply", "--now", NOW], event("e-1").as_bytes());
    assert_eq!(
        (finished.code, finished.out.lines().count()),
        (0, 1),
        "{}",
        finished.err
    );
    assert_eq!(finished.err.lines().count(), 1, "{}", finished.err);
    assert!(
        finished.err.contains("/dev/null/cache/tidegate cannot be used"),
        "{}",
        finished.err
    );
}

#[test]
fn check_tells_people_and_machines() {
    let policy = tidegate_tests::dist("policy.wasm").display().to_string();
    let text = tidegate(&["check", &policy], b"");
    assert_eq!(text.code, 0, "{}", text.err);
    for word in ["task.completed", "1.0, 1.1", "self-test", "pass: "] {
        assert!(text.out.contains(word), "{word:?} is missing in:\n{}", text.out);
    }
    let json = tidegate(&["check", &policy, "--json"], b"");
    let json: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["passed"], true);
    assert!(
        json["digest"]
            .as_str()
            .is_some_and(|digest| digest.starts_with("sha256:"))
    );
}

#[test]
fn every_command_explains_itself() {
    for command in [
        "serve",
        "apply",
        "check",
        "send",
        "topics",
        "read",
        "explain",
        "dlq",
        "config-schema",
        "policy-schema",
        "completions",
    ] {
        let help = tidegate(&[command, "--help"], b"");
        assert_eq!(help.code, 0, "{command}");
        assert!(help.out.contains("Usage:"), "{command}");
    }
    let completions = tidegate(&["completions", "bash"], b"");
    assert!(completions.out.contains("_tidegate"));
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let command = format!(
        "{} completions bash | head -c 10",
        tidegate_tests::dist("tidegate").display()
    );
    let ended = std::process::Command::new("bash")
        .args(["-o", "pipefail", "-c", &command])
        .output()
        .expect("a shell");
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn a_rejected_line_names_its_event() {
    let lines = [
        r#"{"event_id":"x","event_type":"task.created","task_id":"123","payload":{}}"#,
        r#"{"event_id":"y","event_type":"task.unknown"}"#,
    ];
    let names: Vec<_> = apply(&[], lines.join("\n").as_bytes())
        .iter()
        .map(|line| ["decision", "event_id", "event_type"].map(|name| line[name].as_str().map(str::to_owned)))
        .collect();
    let rejected = |id: &str, event_type: &str| ["reject", id, event_type].map(|name| Some(name.to_owned()));
    assert_eq!(names, [rejected("x", "task.created"), rejected("y", "task.unknown")]);
}
