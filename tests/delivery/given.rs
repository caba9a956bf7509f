//! What the tests of deliveries have in common: a test's app as the sink, events, and what came of them.

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tidegate_harness::{App, Received, wait};
use tidegate_tests::Embedded;

/// Where the events of tasks and reminders go: paths of a test's app. Dead letters and alerts stay topics.
pub(crate) fn channels(app: &App) -> String {
    format!(
        "channels:
  task-events: {{ url: \"http://127.0.0.1:{port}/tasks\" }}
  reminders: {{ url: \"http://127.0.0.1:{port}/reminders\" }}
  dlq: {{ topic: dlq }}
  ops-alerts: {{ topic: ops-alerts }}
  user-alerts: {{ log: user-alerts }}
claims: {{ lease_ms: 300 }}
",
        port = app.port()
    )
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

pub(crate) async fn dead_letters(embedded: &Embedded, count: usize) -> Vec<Value> {
    wait::until("dead letters", wait::PATIENCE, async || {
        let letters = embedded.read("dlq");
        (letters.len() >= count).then_some(letters)
    })
    .await
    .unwrap_or_else(|error| panic!("{error}: {:#?}", embedded.read("dlq")))
    .iter()
    .map(|record| record["event"]["payload"].clone())
    .collect()
}

pub(crate) async fn app() -> App {
    App::start([]).await.expect("an app")
}

pub(crate) async fn post(embedded: &Embedded, path: &str, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
    let answer = Client::new().post(embedded.gate.url(path)).body(body);
    let answer = answer.send().await.expect("an answer");
    (answer.status(), answer.json().await.unwrap_or_default())
}
