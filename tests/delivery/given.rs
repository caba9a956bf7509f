//! What the tests of deliveries have in common: a test's app as the sink, events, and their dispositions.

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tidegate_harness::{App, Received, wait};
use tidegate_tests::{SqliteGate, dist, guest};

/// Channels: the events of tasks and reminders go to paths of a test's app, dead letters and alerts to topics.
pub(crate) fn channels(app: &App) -> String {
    format!(
        "channels:
  task-events: {{ url: \"http://127.0.0.1:{port}/tasks\" }}
  reminders: {{ url: \"http://127.0.0.1:{port}/reminders\" }}
  dlq: {{ topic: dlq }}
  ops-alerts: {{ topic: ops-alerts }}
  user-alerts: {{ log: user-alerts }}
",
        port = app.port()
    )
}

/// The same with delays that are long enough for what a test does meanwhile.
pub(crate) fn patient(app: &App) -> String {
    format!("{}retries: {{ scale: 5 }}", channels(app))
}

pub(crate) fn of_type(id: &str, event_type: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","event_type":"{event_type}","task_id":7,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{{}}}}"#
    )
}

pub(crate) fn envelope(received: &Received) -> Value {
    received.json().expect("an envelope")
}

/// `tidegateattempt` of each call about an event.
pub(crate) fn attempts(received: &[Received], id: &str) -> Vec<u64> {
    let about = received.iter().map(envelope).filter(|envelope| envelope["id"] == id);
    about
        .map(|envelope| envelope["tidegateattempt"].as_u64().unwrap_or(0))
        .collect()
}

pub(crate) async fn dead_letters(gate: &SqliteGate, count: usize) -> Vec<Value> {
    wait::until("dead letters", wait::PATIENCE, async || {
        let letters = gate.read("dlq");
        (letters.len() >= count).then_some(letters)
    })
    .await
    .unwrap_or_else(|error| panic!("{error}: {:#?}", gate.read("dlq")))
    .iter()
    .map(|record| record["event"]["payload"].clone())
    .collect()
}

/// The dispositions of the first `count` records of `task-events`.
pub(crate) async fn dispositions(gate: &SqliteGate, count: usize) -> Vec<String> {
    let processed = gate.processed("task-events", count).await;
    let disposition = |record: &Value| {
        record["delivery"]["disposition"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    processed.iter().map(disposition).collect()
}

/// Waits until the first records of `task-events` have these dispositions.
pub(crate) async fn until_dispositions(gate: &SqliteGate, expected: &[&str]) {
    let so = async || (dispositions(gate, expected.len()).await == expected).then_some(());
    if let Err(error) = wait::until("the dispositions", wait::PATIENCE, so).await {
        panic!(
            "{error}: {:?}, not {expected:?}",
            dispositions(gate, expected.len()).await
        );
    }
}

/// Kills the gate, and starts it again with one text of its configuration in place of another.
pub(crate) async fn kill_and_change(gate: &SqliteGate, from: &str, to: &str) {
    gate.process().kill9();
    let file = gate.process().dir().join("tidegate.yaml");
    let config = std::fs::read_to_string(&file).expect("the configuration");
    assert!(config.contains(from), "{from} is not in {config}");
    std::fs::write(&file, config.replace(from, to)).expect("writable");
    gate.process().restart().await.expect("it starts again");
}

/// The path of the builtin policy, and that of one for tests.
pub(crate) fn policies(name: &str) -> (String, String) {
    let text = |path: std::path::PathBuf| path.display().to_string();
    (text(dist("policy.wasm")), text(guest(name)))
}

pub(crate) async fn app() -> App {
    App::start([]).await.expect("an app")
}

pub(crate) async fn post(gate: &SqliteGate, path: &str, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
    let answer = Client::new().post(gate.url(path)).body(body);
    let answer = answer.send().await.expect("an answer");
    (answer.status(), answer.json().await.unwrap_or_default())
}
