//! A policy from another crate: `examples/next-policy` as a component, in the engine, in the commands and in a gate.

use std::{fs, path::Path};

use serde::Serialize;
use serde_json::{Value, json};
use tidegate_engine::{Context, Decision, Engine, Options, Policy};
use tidegate_tests::{SqliteGate, event, next_policy, tidegate, vectors};

const NOW: &str = "2026-03-02T08:00:00Z";
const TASKS: [&str; 4] = ["task.created", "task.updated", "task.completed", "task.deleted"];
const VERSIONS: [&str; 3] = ["1.0", "1.1", "1.2"];

/// Loads it: the first one compiles, all others find the code in the cache.
async fn load() -> Policy {
    static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _turn = ONE_AT_A_TIME.lock().await;
    let options = Options {
        cache_dir: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-cache")),
        ..Options::default()
    };
    let bytes = fs::read(next_policy()).expect("a readable policy");
    let engine = Engine::new(options).expect("an engine");
    engine.load(&bytes).await.expect("the policy loads")
}

fn at(target_version: Option<&str>) -> Context {
    Context {
        target_version: target_version.map(str::to_owned),
        ..Context::at(NOW)
    }
}

/// An answer as text: equal values may have members in another order.
fn text(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).expect("JSON")
}

/// The answers to one event, in an order of their own.
async fn answers(policy: &Policy, event: &[u8]) -> Vec<String> {
    let mut answers = vec![text(&policy.validate(event, &[]).await.expect("no fault"))];
    for target in VERSIONS {
        answers.push(text(&policy.migrate(event, &[], target).await.expect("no fault")));
    }
    for target in [None].into_iter().chain(VERSIONS.map(Some)) {
        let decided = policy.process(event, &[], &at(target)).await;
        answers.push(text(&decided.expect("no fault")));
    }
    answers
}

/// The same from the same policy as plain Rust.
fn native_answers(policy: &tidegate_policy::Policy, event: &[u8]) -> Vec<String> {
    let mut answers = vec![text(&policy.validate(event, &[]))];
    for target in VERSIONS {
        answers.push(text(&policy.migrate(event, &[], target)));
    }
    for target in [None].into_iter().chain(VERSIONS.map(Some)) {
        let context = tidegate_policy::Context {
            now: NOW.to_owned(),
            target_version: target.map(str::to_owned),
            handed_back: false,
        };
        answers.push(text(&policy.process(event, &[], &context)));
    }
    answers
}

#[tokio::test]
async fn the_component_answers_as_plain_rust_does() {
    let (component, native) = (load().await, next_policy::policy().expect("a policy"));
    assert_eq!(text(component.catalog()), text(&native.catalog()));
    let mut migrated = 0;
    for case in vectors::cases() {
        let event = vectors::event(&case["input"]);
        let answers = answers(&component, &event).await;
        assert_eq!(answers, native_answers(&native, &event), "{}", case["name"]);
        migrated += usize::from(
            answers
                .iter()
                .any(|answer| answer.contains(r#"\"event_version\":\"1.2\""#)),
        );
    }
    assert!(migrated > 100, "only {migrated} events of the vectors became 1.2");
}

#[tokio::test]
async fn every_task_event_of_the_vectors_goes_to_1_2_and_back_byte_for_byte() {
    let policy = load().await;
    let mut there_and_back = 0;
    for case in vectors::cases() {
        let event = vectors::event(&case["input"]);
        let Ok(accepted) = policy.validate(&event, &[]).await.expect("no fault") else {
            continue;
        };
        let direct = policy.migrate(&event, &[], "1.1").await.expect("no fault");
        let is_task = TASKS.contains(&accepted.event_type.as_str());
        let (direct, up) = match (direct, policy.migrate(&event, &[], "1.2").await.expect("no fault")) {
            (Ok(direct), Ok(up)) => (direct, up.event.expect("no vector is of version 1.2")),
            (_, Err(failure)) if !is_task => {
                assert_eq!(failure.violations[0].code, "no-path", "{}", case["name"]);
                continue;
            }
            // It does not even get to 1.1, or it is as long as may be and cannot grow.
            (Err(_), Err(_)) => continue,
            (Ok(_), Err(failure)) if failure.violations[0].code == "too-large" => continue,
            (direct, up) => panic!("{}: {direct:?} {up:?}", case["name"]),
        };
        let back = policy.migrate(up.as_bytes(), &[], "1.1").await.expect("no fault");
        let back = back.expect("a way down").event.expect("a new text");
        // One that is 1.1 already may be written in another way; its compact text is what comes back.
        let direct = direct.event.unwrap_or_else(|| {
            let value: Value = serde_json::from_slice(&event).expect("JSON");
            value.to_string()
        });
        assert_eq!(back, direct, "{}", case["name"]);
        let again = policy.migrate(back.as_bytes(), &[], "1.2").await.expect("no fault");
        assert_eq!(again.expect("a way up").event, Some(up), "{}", case["name"]);
        there_and_back += 1;
    }
    assert!(there_and_back > 100, "only {there_and_back} events went there and back");
}

#[tokio::test]
async fn it_passes_its_self_test() {
    let policy = load().await;
    let report = policy.self_test().await.expect("no fault");
    assert!(report.passed(), "{report:#?}");
    let decided = policy
        .process(event("e-1").as_bytes(), &[], &at(None))
        .await
        .expect("a decision");
    assert_eq!(decided.decision, Decision::Forward);
}

#[test]
fn check_accepts_it() {
    let checked = tidegate(&["check", &next_policy().display().to_string(), "--json"], b"");
    assert_eq!(checked.code, 0, "{}", checked.err);
    let checked: Value = serde_json::from_str(&checked.out).expect("JSON");
    assert_eq!(checked["passed"], true);
    let catalog = &checked["catalog"];
    assert_eq!(
        (&catalog["name"], &catalog["version"]),
        (&json!("next-policy"), &json!("1.2.0"))
    );
    let types = catalog["event_types"].as_array().expect("event types");
    let latest = |name: &str| &types.iter().find(|known| known["name"] == name).expect("known")["target_version"];
    assert_eq!(
        (latest("task.created"), latest("reminder.due")),
        (&json!("1.2"), &json!("1.1"))
    );
}

#[test]
fn apply_gives_events_of_1_2() {
    let policy = next_policy().display().to_string();
    let applied = tidegate(&["apply", "--now", NOW, "--policy", &policy], event("e-1").as_bytes());
    assert_eq!(applied.code, 0, "{}", applied.err);
    let decided: Value = serde_json::from_str(&applied.out).expect("JSON");
    let expected = event("e-1").replace(r#""1.0""#, r#""1.2""#).replace(
        r#""title":"Water the plants""#,
        r#""title":"Water the plants","new_field":null,"priority":"NORMAL""#,
    );
    assert_eq!(decided["outputs"][0]["event"].to_string(), expected);
}

#[tokio::test]
async fn a_gate_that_starts_with_it_forwards_events_of_1_2() {
    let policy = next_policy().display().to_string();
    let gate = SqliteGate::start_with("next-policy", "", &[("TIDEGATE_POLICY__PATH", &policy)]).await;
    gate.send("task-events", (event("e-1") + "\n").as_bytes());
    let processed = gate.processed("task-events", 1).await;
    assert_eq!(processed[0]["delivery"]["disposition"], "published");
    let sent = &gate.read("task-events.gated")[0]["event"];
    assert_eq!(
        (&sent["event_version"], &sent["payload"]["priority"]),
        (&json!("1.2"), &json!("NORMAL"))
    );
    assert_eq!(sent["task_id"].to_string(), "9007199254740993");
}
