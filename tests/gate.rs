//! The gate on the `sqlite` backend: real processes, a real data file, real HTTP.
#![allow(clippy::print_stdout, reason = "counts that people want to see")]

use std::time::{Duration, Instant};

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tidegate_tests::{SqliteGate, TASKS, event};

async fn post(url: String, body: impl Into<reqwest::Body>) -> Response {
    Client::new().post(url).body(body).send().await.expect("an answer")
}

fn dispositions(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record["delivery"]["disposition"].as_str().unwrap_or("none"))
        .collect()
}

#[tokio::test]
async fn events_are_migrated_routed_and_rejected() {
    let gate = SqliteGate::start("routes", "").await;
    let reminder = r#"{"event_id":"r-1","event_type":"reminder.due","event_version":"1.1","task_id":7,"user_id":"user-2","timestamp":"2026-03-01T09:30:00Z","payload":{"new_field":null}}"#;
    gate.send(
        "task-events",
        format!("{}\nnot json\n{}\n", event("e-1"), event("e-1")).as_bytes(),
    );
    gate.send("reminders", reminder.as_bytes());

    let tasks = gate.processed("task-events", 3).await;
    assert_eq!(dispositions(&tasks), ["published", "dead_lettered", "duplicate"]);
    let reminders = gate.processed("reminders", 1).await;
    assert_eq!(dispositions(&reminders), ["published"], "{reminders:#?}");

    let out = gate.read("task-events.gated");
    assert_eq!(out.len(), 1);
    assert_eq!(
        (&out[0]["key"], &out[0]["id"], &out[0]["source"]),
        (&json!("user-1"), &json!("e-1"), &json!("task-events@0"))
    );
    assert_eq!(out[0]["event"]["event_version"], "1.1");
    assert_eq!(out[0]["event"]["task_id"].to_string(), "9007199254740993");
    assert_eq!(out[0]["event"]["payload"]["new_field"], Value::Null);

    let out = gate.read("reminders.gated");
    assert_eq!(
        out[0]["event"].to_string(),
        reminder,
        "an event that needs no migration is published byte for byte"
    );

    let dead = gate.read("dlq");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0]["event"]["event_type"], "dlq.failed");
    assert_eq!(dead[0]["event"]["payload"]["original"], "not json");
    assert_eq!(gate.read("ops-alerts").len(), 1);
}

#[tokio::test]
async fn another_event_with_a_used_id_is_a_dead_letter() {
    let gate = SqliteGate::start("id-conflict", "").await;
    let other = event("e-1").replace("Water the plants", "Something else");
    gate.send("task-events", format!("{}\n{other}\n", event("e-1")).as_bytes());
    let processed = gate.processed("task-events", 2).await;
    assert_eq!(dispositions(&processed), ["published", "dead_lettered"]);
    let dead = gate.read("dlq");
    assert_eq!(
        dead[0]["event"]["payload"]["dlq_metadata"]["violations"][0]["code"],
        "id-conflict"
    );
    assert_eq!(dead[0]["event"]["payload"]["payload"]["title"], "Something else");
    assert_eq!(gate.read("task-events.gated").len(), 1, "the first one is untouched");
}

#[tokio::test]
async fn a_service_publishes_through_the_gate() {
    let gate = SqliteGate::start("v1-events", "").await;
    let url = || gate.url("/v1/events");
    let draft = r#"{"event_type":"task.completed","task_id":1180591620717411303424,"user_id":"user-1","timestamp":"2026-01-31T09:00:00Z","payload":{"recurring_pattern":"MONTHLY","price":1.10}}"#;

    let answer = post(url(), draft).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.expect("JSON");
    let id = answer["event_id"].as_str().expect("an id").to_owned();
    assert_eq!(answer["disposition"], "published");
    assert_eq!(
        answer["outputs"].as_array().map(Vec::len),
        Some(2),
        "the event and the request for the next occurrence"
    );

    let out = gate.read("task-events.gated");
    assert_eq!(out.len(), 2);
    assert_eq!(out[0]["event"]["event_id"], id.as_str());
    assert_eq!(out[0]["event"]["task_id"].to_string(), "1180591620717411303424");
    assert_eq!(out[0]["event"]["payload"]["price"].to_string(), "1.10");
    assert_eq!(out[1]["event"]["event_type"], "task.occurrence-requested");

    let invalid = post(
        url(),
        r#"{"event_type":"task.created","task_id":"1","user_id":7,"payload":{}}"#,
    )
    .await;
    assert_eq!(invalid.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(invalid.headers()["content-type"], "application/problem+json");
    let problem: Value = invalid.json().await.expect("JSON");
    let codes: Vec<_> = problem["violations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|v| &v["code"])
        .collect();
    assert_eq!(codes, ["type", "type"]);

    let broken = post(url(), "{").await;
    assert_eq!(broken.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn dry_runs_send_nothing() {
    let gate = SqliteGate::start("dry-runs", "").await;
    let valid: Value = post(gate.url("/v1/validate"), event("e-1"))
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!((&valid["valid"], &valid["key"]), (&json!(true), &json!("user-1")));

    let migrated = post(gate.url("/v1/migrate?to=1.1"), event("e-1"))
        .await
        .text()
        .await
        .expect("text");
    assert!(
        migrated.contains(r#""path":["1.0","1.1"]"#) && migrated.contains("9007199254740993"),
        "{migrated}"
    );

    let nowhere = post(gate.url("/v1/migrate?to=9.9"), event("e-1")).await;
    assert_eq!(nowhere.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(gate.read("task-events.gated").len(), 0);
}

#[tokio::test]
async fn a_delivery_never_gets_a_404() {
    let gate = SqliteGate::start("no-404", "").await;
    let status = async |path: &str, body: &str| {
        let answer = post(gate.url(path), body.to_owned()).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json::<Value>().await.expect("JSON")["status"].clone()
    };
    let yesterday = post(gate.url("/deliver/yesterday"), "{}").await;
    assert_eq!(
        yesterday.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "the sidecar redelivers it"
    );
    assert_eq!(
        status("/deliver/task-events", "garbage").await,
        "SUCCESS",
        "its dead letter is stored"
    );
    assert_eq!(status("/deliver/task-events", &event("e-1")).await, "SUCCESS");
    let large = "\u{1}".repeat(1_000_000);
    assert_eq!(
        status("/deliver/task-events", &large).await,
        "SUCCESS",
        "however it has to be written"
    );
    let time = |value: &str| {
        let request = Client::new()
            .post(gate.url("/deliver/task-events"))
            .header("__timestamp", value.to_owned());
        request.body(event(value)).send()
    };
    for value in ["999999999999999", "-99999999999999", "", "soon"] {
        let answer = time(value).await.expect("an answer").text().await.expect("text");
        assert!(
            answer.contains("SUCCESS"),
            "a producer's header {value:?} must not stop its event: {answer}"
        );
    }
    assert_eq!(
        gate.read("dlq").len(),
        3,
        "the garbage, the large one, and the event with an empty id"
    );
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_stop_its_delivery() {
    let gate = SqliteGate::start("hangs-up", "").await;
    for number in 0..50 {
        let url = gate.url("/deliver/task-events");
        let request = Client::new()
            .post(url)
            .body(event(&format!("e-{number}")))
            .timeout(Duration::from_micros(900));
        // Whether the answer comes in time does not matter.
        let _ = request.send().await;
    }
    // The lease is a minute: a claim that was not released would not expire in a third of it.
    let started = Instant::now();
    for number in 0..50 {
        loop {
            let answer = post(gate.url("/deliver/task-events"), event(&format!("e-{number}"))).await;
            if answer.text().await.expect("text").contains("SUCCESS") {
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "a claim was not released");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert_eq!(gate.read("task-events.gated").len(), 50);
}

#[tokio::test]
async fn dapr_gets_the_subscriptions_and_must_show_its_token() {
    let config = "subscriptions: [{ name: tasks, topic: task-events, route: /api/events/task-events }]";
    let gate = SqliteGate::start_with("token", config, &[("APP_API_TOKEN", "a-secret")]).await;
    let ask = || Client::new().get(gate.url("/dapr/subscribe"));
    assert_eq!(
        ask().send().await.expect("an answer").status(),
        StatusCode::UNAUTHORIZED
    );
    let wrong = ask()
        .header("dapr-api-token", "a-secreT")
        .send()
        .await
        .expect("an answer");
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);

    let subscriptions: Value = ask()
        .header("dapr-api-token", "a-secret")
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        subscriptions,
        json!([{ "pubsubname": "kafka-pubsub", "topic": "task-events", "metadata": { "rawPayload": "true" },
                 "routes": { "default": "/api/events/task-events" } }])
    );
    let log = std::fs::read_to_string(gate.process().log()).expect("a log");
    assert!(!log.contains("a-secret"), "secrets are not logged");
}

#[tokio::test]
async fn what_happened_is_counted() {
    let gate = SqliteGate::start("metrics", "").await;
    gate.send("task-events", format!("{}\nnot json\n", event("e-1")).as_bytes());
    gate.processed("task-events", 2).await;
    let page = reqwest::get(gate.url("/metrics"))
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    for line in [
        r#"tidegate_deliveries_total{topic="task-events",disposition="published",reason=""} 1"#,
        r#"tidegate_deliveries_total{topic="task-events",disposition="dead_lettered",reason="rejected"} 1"#,
        r#"tidegate_published_total{topic="task-events.gated"} 1"#,
        r#"tidegate_published_total{topic="dlq"} 1"#,
        "tidegate_policy_call_seconds_count 2",
    ] {
        assert!(page.contains(line), "{line} is missing in:\n{page}");
    }
}

#[tokio::test]
async fn a_kill_between_receipt_and_publish_loses_nothing() {
    let gate = SqliteGate::start("kill", "claims: { lease_ms: 300 }").await;
    let lines: String = (0..2_000).map(|number| event(&format!("e-{number}")) + "\n").collect();
    gate.send("task-events", lines.as_bytes());
    let mut kills = 0;
    while gate
        .read("task-events")
        .iter()
        .any(|record| record["delivery"].is_null())
    {
        if kills < 6 {
            tokio::time::sleep(Duration::from_millis(120)).await;
            gate.process().kill9();
            gate.process().restart().await.expect("it starts again");
            kills += 1;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let out = gate.read("task-events.gated");
    let mut ids: Vec<_> = out.iter().filter_map(|record| record["id"].as_str()).collect();
    let sent = ids.len();
    ids.sort_unstable();
    ids.dedup();
    println!(
        "{kills} kills, 2000 events in, {sent} out, {} repeats, {} lost",
        sent - ids.len(),
        2_000 - ids.len()
    );
    assert_eq!(ids.len(), 2_000, "every event is there");
    assert!(kills > 0, "it was killed at least once");
}

#[tokio::test]
async fn sigterm_drains_and_exits_with_zero() {
    let gate = SqliteGate::start("drain", "").await;
    let lines: String = (0..500).map(|number| event(&format!("e-{number}")) + "\n").collect();
    gate.send("task-events", lines.as_bytes());
    let status = gate
        .process()
        .terminate(Duration::from_secs(20))
        .await
        .expect("it ends");
    assert_eq!(status.code(), Some(0));
    gate.process().restart().await.expect("it starts again");
    gate.processed("task-events", 500).await;
    assert_eq!(
        gate.read("task-events.gated").len(),
        500,
        "none lost, and none twice after a clean stop"
    );
}

#[tokio::test]
async fn every_problem_of_a_configuration_is_in_one_report() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("gate.yaml");
    let config = "
listen: nowhere
polici: { path: x }
limits: { deadline_ms: 0, concurrency: many }
subscriptions:
  - { name: task-events }
  - { name: again, topic: task-events, route: /v1/events }
channels:
  task-events: { topic: task-events }
";
    std::fs::write(&file, config).expect("writable");
    let ended = tidegate_tests::tidegate(&["serve", "--config", &file.display().to_string()], b"");
    assert_eq!(ended.code, 3);
    insta::assert_snapshot!(ended.err);
}

#[tokio::test]
async fn a_policy_and_a_configuration_that_do_not_fit_do_not_start() {
    for (config, says) in [
        (
            &*format!("{TASKS}policy: {{ target_version: v1.1 }}"),
            "has no such version",
        ),
        ("", "has no sink"),
        (
            "subscriptions: [{ name: dlq }]\nchannels: { dlq: { topic: dlq, pubsub: other } }",
            "a loop",
        ),
        (
            "backend: dapr\ndapr: { endpoint: localhost:3500 }",
            "is not a plain HTTP address",
        ),
    ] {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("gate.yaml");
        let data = dir.path().join("events.db").display().to_string();
        let config =
            format!("listen: 127.0.0.1:0\nadmin: {{ listen: null }}\nsqlite: {{ path: {data:?} }}\n{config}\n");
        std::fs::write(&file, config).expect("writable");
        let ended = tidegate_tests::tidegate(&["serve", "--config", &file.display().to_string()], b"");
        assert!(ended.code == 3 && ended.err.contains(says), "{says}: {}", ended.err);
    }
}
