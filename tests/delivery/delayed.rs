//! Outputs that leave later: stored through a kill, published at their time and once, and dead-lettered when no retry is left.

use std::{fs, path::Path, time::Duration};

use reqwest::StatusCode;
use serde_json::json;
use tidegate_harness::{App, Reply, wait};
use tidegate_model::clock;
use tidegate_tests::SqliteGate;

use super::given::{app, attempts, dispositions, envelope, post};

/// Milliseconds ahead: longer than it takes to kill a gate and to start it again.
const AHEAD: i64 = 3000;

const MANIFEST: &str = "name: shop
version: 1.0.0
envelope: { id: /id, type: /type, key: /user }
retry: { default: [100ms, 100ms] }
event_types:
  reminder.due: { channel: reminders, not_before: /due, versions: { 1: reminder.due/1.json } }
";

const SCHEMA: &str =
    r#"{ "required": ["id"], "examples": [{ "id": "1", "type": "reminder.due", "user": "u-1", "due": null }] }"#;

/// The folder of a policy whose reminders leave when they are due.
fn folder(dir: &Path) -> String {
    fs::create_dir_all(dir.join("reminder.due")).expect("a folder");
    fs::write(dir.join("policy.yaml"), MANIFEST).expect("written");
    fs::write(dir.join("reminder.due/1.json"), SCHEMA).expect("written");
    dir.display().to_string()
}

async fn gate(name: &str, app: &App, dir: &Path) -> SqliteGate {
    let config = format!(
        "channels:
  reminders: {{ url: \"http://127.0.0.1:{}/reminders\" }}
  dlq: {{ topic: dlq }}
",
        app.port()
    );
    SqliteGate::start_with(name, &config, &[("TIDEGATE_POLICY__PATH", &folder(dir))]).await
}

/// A reminder that is due at this time, milliseconds since 1970.
fn reminder(id: &str, due: i64) -> String {
    let due = clock::of_millis(due);
    format!(r#"{{"id":"{id}","type":"reminder.due","user":"u-1","due":"{due}"}}"#)
}

#[tokio::test]
async fn an_output_leaves_at_its_time_though_the_gate_is_killed_before() {
    let (app, dir) = (app().await, tempfile::tempdir().expect("a directory"));
    let gate = gate("delayed", &app, dir.path()).await;
    let due = clock::unix_millis() + AHEAD;
    let event = reminder("r-1", due);
    gate.send("task-events", event.as_bytes());
    gate.send("task-events", reminder("now", clock::unix_millis()).as_bytes());
    assert_eq!(dispositions(&gate, 2).await, ["scheduled", "published"]);
    // Its event is done: another delivery is a duplicate, and stores nothing.
    let (status, answer) = post(&gate, "/v1/events", event.clone()).await;
    assert_eq!(
        (status, &answer["disposition"]),
        (StatusCode::OK, &json!("duplicate")),
        "{answer}"
    );
    gate.process().kill9();
    gate.process().restart().await.expect("it starts again");
    assert_eq!(app.count("/reminders"), 1, "the one that was due at once");

    let received = app.wait_for("/reminders", 2).await.expect("the reminder");
    assert!(clock::unix_millis() >= due, "it left too early");
    assert_eq!(envelope(&received[1])["id"], "r-1");
    assert_eq!(envelope(&received[1])["data"]["due"], clock::of_millis(due));
    wait::until("the disposition", wait::PATIENCE, async || {
        (dispositions(&gate, 2).await == ["published", "published"]).then_some(())
    })
    .await
    .expect("published");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(app.count("/reminders"), 2, "each once");
}

#[tokio::test]
async fn an_output_that_cannot_be_published_is_retried_and_then_its_event_is_dead_lettered() {
    let (app, dir) = (app().await, tempfile::tempdir().expect("a directory"));
    app.answer("/reminders", [Reply::status(503)]);
    let gate = gate("delayed-fails", &app, dir.path()).await;
    let (status, answer) = post(&gate, "/v1/events", reminder("r-1", clock::unix_millis() + 300)).await;
    assert_eq!(
        (status, &answer["disposition"]),
        (StatusCode::ACCEPTED, &json!("scheduled")),
        "{answer}"
    );
    let letter = wait::until("the dead letter", wait::PATIENCE, async || gate.read("dlq").pop()).await;
    let letter = letter.expect("a dead letter");
    assert_eq!(attempts(&app.received("/reminders"), "r-1"), [0, 1, 2]);
    assert_eq!(
        (&letter["event"]["id"], &letter["event"]["type"]),
        (&json!("r-1"), &json!("reminder.due"))
    );
    let metadata = &letter["event"]["dlq_metadata"];
    assert_eq!(metadata["retry_count"], 2);
    let error = metadata["error"].as_str().expect("a text");
    assert!(
        error.contains("its output r-1 for reminders") && error.contains("503"),
        "{error}"
    );
}
