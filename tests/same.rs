//! The same event gives the same bytes: natively in two processes, and as a component, in a fresh instance for each event and in one that
//! is used again after 1, 10 and 1,000 others. `guest/tests/same.rs` asks the native policy alone.

#[path = "../guest/tests/support/everything.rs"]
mod everything;

use std::{
    env, fs,
    io::{Write as _, stdout},
    path::Path,
    process::Command,
};

use rstest::rstest;
use serde_json::{Value, json};
use tidegate_engine::{Digest, Engine, Isolation, Options, Policy, embed};
use tidegate_harness::repository;
use tidegate_tests::dist;

const EVENTS: usize = 10_000;

/// One in so many events is asked of a fresh instance, which reads the whole policy first.
const FRESH_OF: usize = 20;

/// How many policies are made anew for each number of others; making one takes longer than many answers.
const MADE_ANEW: usize = 25;

/// Set in the other process, which prints its answers.
const PRINT: &str = "TIDEGATE_PRINT_ANSWERS";

/// A policy as one document, and events for it, each with its attributes.
struct Subject {
    document: String,
    question: fn(usize) -> (String, String),
}

fn subject(name: &str) -> Subject {
    match name {
        "orders" => Subject {
            document: tidegate_folder::read_document(&repository().join("examples/orders")).expect("a folder"),
            question: order,
        },
        _ => Subject {
            document: everything::document(),
            question: everything::question,
        },
    }
}

/// One of the sample events of the example, under an id of its own.
fn order(number: usize) -> (String, String) {
    let samples = include_str!("../examples/orders/events.jsonl");
    let samples: Vec<&str> = samples.lines().collect();
    let mut event: Value = serde_json::from_str(samples[number % samples.len()]).expect("JSON");
    event["id"] = json!(format!("e-{number}"));
    let mut attributes = json!({});
    if event["specversion"].is_string() {
        attributes = event.clone();
        event = attributes["data"].take();
        let members = attributes.as_object_mut().expect("an envelope");
        members.retain(|name, value| name != "specversion" && value.is_string());
    }
    let request = json!({ "event": event.to_string(), "now": "2026-03-02T09:00:00Z" });
    (request.to_string(), attributes.to_string())
}

impl Subject {
    fn natively(&self) -> Vec<String> {
        let policy = tidegate_policy::Policy::of_files(&self.document).expect("a policy");
        let answer = |number| {
            let (request, attributes) = (self.question)(number);
            policy.process_json(request.as_bytes(), attributes.as_bytes())
        };
        (0..EVENTS).map(answer).collect()
    }

    async fn component(&self, policy: &Policy, number: usize) -> String {
        let (request, attributes) = (self.question)(number);
        policy.json_process(&request, &attributes).await.expect("no fault")
    }
}

fn engine(isolation: Isolation) -> Engine {
    let options = Options {
        isolation,
        cache_dir: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-cache")),
        ..Options::default()
    };
    Engine::new(options).expect("an engine")
}

fn prebuilt() -> Vec<u8> {
    fs::read(dist("prebuilt.wasm")).expect("the prebuilt policy")
}

/// What another process answers natively.
fn in_another_process(test: &str) -> String {
    let other = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(PRINT, "1")
        .output()
        .expect("another process");
    String::from_utf8(other.stdout).expect("text")
}

#[rstest]
#[case::everything("everything")]
#[case::orders("orders")]
#[tokio::test]
async fn components_and_processes_give_the_same_bytes(#[case] name: &str) {
    let subject = subject(name);
    let answers = subject.natively();
    if env::var_os(PRINT).is_some() {
        writeln!(stdout(), "{}", answers.join("\n")).expect("printed");
        return;
    }
    let case = if name == "orders" {
        "case_2_orders"
    } else {
        "case_1_everything"
    };
    let printed = in_another_process(&format!("components_and_processes_give_the_same_bytes::{case}"));
    assert!(
        printed.contains(&answers.join("\n")),
        "another process answers otherwise"
    );

    // Each call in an instance of its own: the file that `tidegate build` makes, as code of which nothing is known.
    let file = embed(&prebuilt(), &subject.document, r#"{"name":"same"}"#).expect("a component");
    let fresh = engine(Isolation::Fresh).load(&file).await.expect("it loads");
    for (number, expected) in answers.iter().enumerate().step_by(FRESH_OF) {
        assert_eq!(&subject.component(&fresh, number).await, expected, "fresh");
    }

    let engine = engine(Isolation::Reuse);
    let bytes = prebuilt();
    // SAFETY: no code is carried.
    #[allow(unsafe_code)]
    let prebuilt = unsafe { engine.load_prebuilt(&bytes, &[]).await }.expect("it loads");
    let digest = Digest::of(subject.document.as_bytes());
    for others in [1, 10, 1000] {
        for (chunk, expected) in answers.chunks(others + 1).enumerate().take(MADE_ANEW) {
            let policy = prebuilt
                .configure(&subject.document, digest.clone())
                .await
                .expect("a policy");
            for (at, expected) in expected.iter().enumerate() {
                let number = chunk * (others + 1) + at;
                assert_eq!(&subject.component(&policy, number).await, expected, "after {at} others");
            }
        }
    }
}
