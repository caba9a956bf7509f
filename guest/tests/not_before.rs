//! When an event may leave: at the time that it states where its type says so.

use rstest::rstest;
use serde_json::json;
use tidegate_policy::{Bundle, Code, Context, Decision, File, Policy};

const SCHEMA: &str = r#"{
    "required": ["id"], "examples": [{ "id": "1", "type": "reminder.due", "due": "2026-03-03T08:00:00Z" }]
}"#;

fn policy() -> Policy {
    let manifest = json!({
        "name": "reminders", "version": "1", "envelope": { "id": "/id", "type": "/type" },
        "event_types": {
            "reminder.due": { "channel": "out", "not_before": "/due", "versions": { "1": "due.json" } }
        }
    });
    let files = [("policy.json", manifest.to_string()), ("due.json", SCHEMA.to_owned())];
    let files = files.map(|(name, text)| File {
        name: name.into(),
        text: text.into(),
    });
    let bundle = Bundle::from_files(files.into()).expect("a bundle");
    Policy::new(&bundle, Code::default()).expect("a policy")
}

/// Judged at 2026-03-01T09:30:00Z.
fn process(due: &str) -> tidegate_policy::Decided {
    let event = format!(r#"{{"id":"1","type":"reminder.due"{due}}}"#);
    let context = Context {
        now: "2026-03-01T09:30:00Z".to_owned(),
        target_version: None,
        handed_back: false,
    };
    policy().process(event.as_bytes(), &[], &context)
}

#[rstest]
#[case::no_time("", None)]
#[case::null(r#","due":null"#, None)]
#[case::as_it_is_written(r#","due":"2026-03-02T08:00:00.5+01:00""#, Some("2026-03-02T08:00:00.5+01:00"))]
#[case::over(r#","due":"1999-01-01T00:00:00Z""#, Some("1999-01-01T00:00:00Z"))]
#[case::seven_days(r#","due":"2026-03-08T09:30:00Z""#, Some("2026-03-08T09:30:00Z"))]
fn an_event_leaves_not_before_its_time(#[case] due: &str, #[case] expected: Option<&str>) {
    let decided = process(due);
    assert_eq!(decided.decision, Decision::Forward, "{decided:?}");
    let [output] = &decided.outputs[..] else {
        panic!("{decided:?}")
    };
    assert_eq!(output.not_before.as_deref(), expected);
    assert_eq!(output.event, None, "it leaves as it came");
}

#[rstest]
#[case::no_text(r#","due":5"#, "type")]
#[case::no_time(r#","due":"tomorrow""#, "format")]
#[case::no_offset(r#","due":"2026-03-02T08:00:00""#, "format")]
#[case::more_than_seven_days(r#","due":"2026-03-08T09:30:00.001Z""#, "maximum")]
fn a_time_that_no_gate_can_keep_is_a_violation(#[case] due: &str, #[case] code: &str) {
    let decided = process(due);
    assert_eq!(decided.decision, Decision::Reject, "{decided:?}");
    let found: Vec<_> = decided.violations.iter().map(|one| (&*one.code, &*one.path)).collect();
    assert_eq!(found, [(code, "/due")]);
}
