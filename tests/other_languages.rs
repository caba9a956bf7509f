//! Policies that are not written in Rust: `examples/policy-python` and `examples/policy-typescript`, in the engine, in the
//! commands and in a gate. `cargo xtask test` builds them where their tools are there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rstest::rstest;
use serde_json::{Value, json};
use tidegate_engine::{Engine, Isolation, Options, Policy};
use tidegate_tests::{SqliteGate, skip, tidegate, vectors};

/// The component of an example; `None` where its language's tools are not installed.
fn built(example: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../dist/{example}.wasm"));
    if file.is_file() {
        return Some(file);
    }
    skip(&format!("not built by `cargo xtask test`: dist/{example}.wasm"));
    None
}

fn cases(example: &str) -> Vec<Value> {
    vectors::cases_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../examples/{example}/cases.json")))
}

async fn load(file: &Path, isolation: Isolation) -> Policy {
    static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _turn = ONE_AT_A_TIME.lock().await;
    let options = Options {
        isolation,
        cache_dir: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-cache")),
        ..Options::default()
    };
    let bytes = fs::read(file).expect("a readable policy");
    let engine = Engine::new(options).expect("an engine");
    engine.load(&bytes).await.expect("the policy loads")
}

#[rstest]
#[tokio::test]
async fn its_cases_are_answered_as_they_say(
    #[values("policy-python", "policy-typescript")] example: &str,
    #[values(Isolation::Fresh, Isolation::Reuse)] isolation: Isolation,
) {
    let Some(file) = built(example) else { return };
    let policy = load(&file, isolation).await;
    let cases = cases(example);
    assert!(cases.len() > 20, "only {} cases", cases.len());
    for case in &cases {
        if let Some(answer) = vectors::answer(&policy, case).await {
            assert_eq!(answer.to_string(), case["expect"].to_string(), "{}", case["name"]);
        }
    }
}

#[rstest]
fn check_accepts_it(#[values("policy-python", "policy-typescript")] example: &str) {
    let Some(file) = built(example) else { return };
    let checked = tidegate(&["check", &file.display().to_string(), "--json"], b"");
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    let checked: Value = serde_json::from_str(&checked.out).expect("JSON");
    assert_eq!(checked["passed"], true);
}

/// Each example of its catalog is published or dropped, and a line that is no event is dead-lettered.
#[rstest]
#[tokio::test]
async fn a_gate_runs_it(#[values("policy-python", "policy-typescript")] example: &str) {
    let Some(file) = built(example) else { return };
    let policy = load(&file, Isolation::Fresh).await;
    let known = policy.catalog().event_types.iter().filter(|known| known.accepted);
    let versions = known.flat_map(|known| &known.versions).enumerate();
    // With ids of their own: the examples of a catalog may share theirs.
    let examples: Vec<_> = versions
        .map(|(number, version)| {
            let mut event: Value = serde_json::from_str(&version.example).expect("JSON");
            event["event_id"] = json!(format!("e-{number}"));
            event.to_string()
        })
        .collect();
    let lines = examples.join("\n") + "\nnot an event\n";

    let path = file.display().to_string();
    let gate = SqliteGate::start_with(example, "", &[("TIDEGATE_POLICY__PATH", &path)]).await;
    gate.send("task-events", lines.as_bytes());
    let processed = gate.processed("task-events", examples.len() + 1).await;
    let dispositions: Vec<_> = processed
        .iter()
        .map(|event| event["delivery"]["disposition"].as_str())
        .collect();
    let dead_lettered = Some("dead_lettered");
    assert_eq!(dispositions.last(), Some(&dead_lettered));
    let counts = (
        dispositions.iter().filter(|found| **found == dead_lettered).count(),
        gate.read("dlq").len(),
    );
    assert_eq!(counts, (1, 1), "{processed:#?}");
}
