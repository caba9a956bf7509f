//! Events that a consumer hands back.

use std::{collections::BTreeSet, fs};

use reqwest::StatusCode;
use serde_json::json;
use tidegate_tests::{SqliteGate, event, tidegate};

use super::given::{app, channels, dead_letters, envelope, of_type, post};

#[tokio::test]
async fn a_consumer_hands_back_what_it_could_not_handle() {
    let app = app().await;
    let gate = SqliteGate::start("failures", &channels(&app)).await;
    gate.send("task-events", of_type("e-1", "task.created").as_bytes());
    for attempt in 0..=3 {
        let received = app
            .wait_for("/tasks", attempt + 1)
            .await
            .expect("published, and retried");
        let sent = envelope(&received[attempt]);
        let retry_count = sent["tidegateattempt"].as_u64().unwrap_or(0);
        assert_eq!(retry_count, attempt as u64);
        let failure =
            json!({ "event": sent["data"], "error": "no such\ntask", "retry_count": retry_count }).to_string();
        // Twice: a consumer that got no answer hands it back again.
        for _ in 0..2 {
            let (status, answer) = post(&gate, "/v1/failures", failure.clone()).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
            assert_eq!(
                answer["action"],
                if attempt < 3 { "retry" } else { "dead-letter" },
                "{answer}"
            );
        }
    }
    let letters = dead_letters(&gate, 1).await;
    assert_eq!(letters[0]["dlq_metadata"]["error"], "no such task");
    assert_eq!(letters[0]["dlq_metadata"]["retry_count"], 3);
    let ids: BTreeSet<_> = gate.read("dlq").iter().map(|record| record["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "a repeat has the same id");
    assert_eq!(app.count("/tasks"), 4);

    let (status, problem) = post(&gate, "/v1/failures", "{}").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
}

#[tokio::test]
async fn an_event_that_is_dead_lettered_again_after_a_redrive_is_another_dead_letter() {
    let app = app().await;
    let gate = SqliteGate::start("failures-redriven", &channels(&app)).await;
    let failure = format!(r#"{{"event":{},"error":"no such task","retry_count":3}}"#, event("e-1"));
    for round in 1..=3 {
        // Twice: a consumer that got no answer hands it back again.
        for _ in 0..2 {
            let (status, answer) = post(&gate, "/v1/failures", failure.clone()).await;
            assert_eq!(
                (status, &answer["action"]),
                (StatusCode::ACCEPTED, &json!("dead-letter")),
                "{answer}"
            );
        }
        let letters = gate.read("dlq");
        let ids: BTreeSet<_> = letters.iter().map(|letter| letter["id"].to_string()).collect();
        assert_eq!(ids.len(), round, "one for each time that it was handed back");
        let letter = letters[letters.len() - 1]["event"].to_string();
        let (status, answer) = post(&gate, "/v1/redrive", letter).await;
        assert_eq!(
            (status, &answer["disposition"]),
            (StatusCode::OK, &json!("published")),
            "{answer}"
        );
        assert_eq!(app.count("/tasks"), round, "it is published once more");
    }
    let (url, data) = (gate.url(""), gate.data().to_owned());
    let redrive = move || tidegate(&["dlq", "redrive", "--all", "--data", &data, "--url", &url], b"");
    let redriven = tokio::task::spawn_blocking(redrive).await.expect("it ends");
    assert!(
        redriven.out.contains("accepted: 1 duplicate; 0 failed"),
        "the last one stands for those before: {redriven:?}"
    );
}

#[tokio::test]
async fn a_consumer_may_hand_back_what_only_the_policy_makes() {
    let app = app().await;
    let gate = SqliteGate::start(
        "failures-emitted",
        &format!("{}retries: {{ scale: 0.001 }}", channels(&app)),
    )
    .await;
    let completed =
        of_type("done-1", "task.completed").replace(r#""payload":{}"#, r#""payload":{"recurring_pattern":"DAILY"}"#);
    gate.send("task-events", completed.as_bytes());
    let received = app.wait_for("/tasks", 2).await.expect("both outputs");
    let request = envelope(&received[1]);
    assert_eq!(request["type"], "task.occurrence-requested");
    let failure = json!({ "event": request["data"], "error": "later", "retry_count": 0 }).to_string();
    let (status, answer) = post(&gate, "/v1/failures", failure).await;
    assert_eq!(
        (status, &answer["action"]),
        (StatusCode::ACCEPTED, &json!("retry")),
        "{answer}"
    );
    let received = app.wait_for("/tasks", 3).await.expect("it is published again, alone");
    assert_eq!(envelope(&received[2])["id"], request["id"]);
    assert_eq!(envelope(&received[2])["data"], request["data"]);
}

const LIFTS: &str = "name: lifts
version: 1.0.0
envelope: { id: /id, type: /type, key: /lift, time: /at }
retry: { default: [1ms] }
event_types:
  inspection.done:
    channel: inspections
    versions: { 1: done.json }
    emits: [{ type: inspection.due, copy: { /lift: /lift, /floors: /floors } }]
  inspection.due:
    channel: [{ when: event.floors < 10, to: low }, { to: [high, audit] }]
    accepted: false
    versions: { 1: due.json }
";

const LIFT: &str = r#"{"id":"d-1","type":"inspection.done","lift":"L-1","floors":30,"at":"2026-03-01T09:30:00Z"}"#;

#[tokio::test]
async fn what_only_the_policy_makes_goes_where_its_own_conditions_lead() {
    let (app, dir) = (app().await, tempfile::tempdir().expect("a directory"));
    let schema = json!({ "examples": [serde_json::from_str::<serde_json::Value>(LIFT).expect("JSON")] });
    let schema = schema.to_string();
    for (file, text) in [
        ("policy.yaml", LIFTS),
        ("done.json", &schema),
        ("due.json", &schema.replace(".done", ".due")),
    ] {
        fs::write(dir.path().join(file), text).expect("written");
    }
    let channel = |name: &str| format!("  {name}: {{ url: \"http://127.0.0.1:{}/{name}\" }}\n", app.port());
    let channels: String = ["inspections", "low", "high", "audit"].map(channel).concat();
    let config = format!("channels:\n{channels}  dlq: {{ topic: dlq }}\n");
    let path = dir.path().display().to_string();
    let gate = SqliteGate::start_with("failures-routed", &config, &[("TIDEGATE_POLICY__PATH", &path)]).await;

    gate.send("task-events", LIFT.as_bytes());
    let received = app.wait_for("/high", 1).await.expect("it follows");
    let due = envelope(&received[0]);
    assert_eq!(due["type"], "inspection.due");
    let failure = |retry_count: u32| json!({ "event": due, "error": "later", "retry_count": retry_count }).to_string();
    let (status, answer) = post(&gate, "/v1/failures", failure(0)).await;
    assert_eq!(
        (status, &answer["action"]),
        (StatusCode::ACCEPTED, &json!("retry")),
        "{answer}"
    );
    for path in ["/high", "/audit"] {
        let received = app.wait_for(path, 2).await.expect("it is published again");
        assert_eq!(envelope(&received[1])["id"], due["id"]);
    }

    // No retry is left: it is dead-lettered, and a person redrives it.
    let (status, answer) = post(&gate, "/v1/failures", failure(1)).await;
    assert_eq!(
        (status, &answer["action"]),
        (StatusCode::ACCEPTED, &json!("dead-letter")),
        "{answer}"
    );
    let letter = gate.read("dlq")[0]["event"].to_string();
    let (status, answer) = post(&gate, "/v1/redrive", letter).await;
    assert_eq!(
        (status, &answer["disposition"]),
        (StatusCode::OK, &json!("published")),
        "{answer}"
    );
    let counts = ["/inspections", "/low", "/high", "/audit"].map(|path| app.count(path));
    assert_eq!(counts, [1, 0, 3, 3]);
}
