//! The policy as plain Rust: no wasm, no gate.

use std::sync::LazyLock;

use proptest::prelude::*;
use rstest::rstest;
use tidegate_policy::{Context, Decided, Decision, Policy};

use super::{TASKS, policy};

/// Built once, since it compiles schemas.
static POLICY: LazyLock<Policy> = LazyLock::new(|| policy().expect("a policy"));

/// An event of a task, with these members in its payload.
fn event(event_type: &str, version: &str, payload: &str) -> String {
    format!(
        r#"{{"event_id":"e-1","event_type":"{event_type}","event_version":"{version}","task_id":7,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{{{payload}}}}}"#
    )
}

fn process(event: &str) -> Decided {
    let context = Context {
        now: "2026-03-02T17:00:00Z".to_owned(),
        target_version: None,
        handed_back: false,
    };
    POLICY.process(event.as_bytes(), &[], &context)
}

#[test]
fn all_that_the_builtin_policy_accepts_is_still_accepted() {
    let catalog = POLICY.catalog();
    assert_eq!(
        (catalog.name.as_str(), catalog.version.as_str()),
        ("next-policy", "1.2.0")
    );
    for (builtin, next) in Policy::builtin().catalog().event_types.iter().zip(&catalog.event_types) {
        assert_eq!(builtin.name, next.name);
        assert!(next.versions.starts_with(&builtin.versions), "{}", next.name);
        let latest = if TASKS.contains(&next.name.as_str()) {
            "1.2"
        } else {
            &builtin.target_version
        };
        assert_eq!(next.target_version, latest, "{}", next.name);
    }
}

#[rstest]
#[case::from_1_0("1.0", r#""title":"a""#, r#""title":"a","new_field":null,"priority":"NORMAL""#)]
#[case::from_1_1("1.1", r#""new_field":"b""#, r#""new_field":"b","priority":"NORMAL""#)]
#[case::one_that_is_there_stays(
    "1.0",
    r#""priority":"HIGH","title":"a""#,
    r#""priority":"HIGH","title":"a","new_field":null"#
)]
fn every_task_leaves_with_a_priority(#[case] version: &str, #[case] payload: &str, #[case] latest: &str) {
    for event_type in TASKS {
        let decided = process(&event(event_type, version, payload));
        assert_eq!(decided.outputs[0].event, Some(event(event_type, "1.2", latest)));
    }
}

#[test]
fn an_invalid_priority_is_rejected() {
    for version in ["1.1", "1.2"] {
        let decided = process(&event("task.created", version, r#""new_field":null,"priority":"SOON""#));
        assert_eq!(decided.decision, Decision::Reject);
        let violations = decided.violations.iter();
        let found: Vec<_> = violations
            .map(|found| (found.path.as_str(), found.code.as_str()))
            .collect();
        assert!(found.contains(&("/payload/priority", "enum")), "{found:?}");
    }
}

#[test]
fn a_recurring_task_still_asks_for_its_next_occurrence() {
    let payload = r#""recurring_pattern":"DAILY","due_date":"2026-03-02T18:00:00Z""#;
    let types: Vec<_> = process(&event("task.completed", "1.0", payload))
        .outputs
        .into_iter()
        .map(|output| output.event_type)
        .collect();
    assert_eq!(types, ["task.completed", "task.occurrence-requested"]);
}

/// Any members, without the names that a version adds.
fn members() -> impl Strategy<Value = Vec<String>> {
    let member = r#""x[a-z]{1,4}":(-?[1-9][0-9]{0,30}\.[0-9]{1,9}|"[a-zé🌱 ]{0,9}"|null|\[\{\}\])"#;
    prop::collection::btree_map("x[a-z]{1,4}", member, 0..5).prop_map(|members| {
        let named = |(name, member): (String, String)| {
            let (_, value) = member.split_once(':').unwrap_or_default();
            format!(r#""{name}":{value}"#)
        };
        members.into_iter().map(named).collect()
    })
}

fn migrate(event: &str, version: &str) -> String {
    let migrated = POLICY.migrate(event.as_bytes(), &[], version);
    migrated.expect("a path").event.expect("a new text")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn up_and_down_again_is_the_identity(
        event_type in prop::sample::select(&TASKS[..]),
        older in prop::sample::select(&["1.0", "1.1"][..]),
        priority in prop::sample::select(&["", r#""priority":"LOW""#, r#""priority":"URGENT""#][..]),
        mut members in members(),
    ) {
        if older == "1.1" {
            members.push(r#""new_field":"kept""#.to_owned());
        }
        members.insert(members.len() / 2, priority.to_owned());
        members.retain(|member| !member.is_empty());
        let event = event(event_type, older, &members.join(","));
        prop_assert_eq!(migrate(&migrate(&event, "1.2"), older), event);
    }

    #[test]
    fn down_and_up_again_keeps_every_priority(
        event_type in prop::sample::select(&TASKS[..]),
        priority in prop::sample::select(&["LOW", "NORMAL", "HIGH", "URGENT"][..]),
        mut members in members(),
    ) {
        members.extend([r#""new_field":null"#.to_owned(), format!(r#""priority":"{priority}""#)]);
        let event = event(event_type, "1.2", &members.join(","));
        prop_assert_eq!(migrate(&migrate(&event, "1.1"), "1.2"), event);
    }
}
