//! Sinks that fail: the schedule of the policy, scheduled retries that survive a kill, and what an answer means.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidegate_harness::{Reply, wait};
use tidegate_tests::{SqliteGate, event};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::given::{
    app, attempts, channels, dead_letters, envelope, kill_and_change, of_type, patient, post, until_dispositions,
};

#[tokio::test]
async fn a_sink_that_always_fails_gets_exactly_the_schedules_attempts() {
    let app = app().await;
    for path in ["/tasks", "/reminders"] {
        app.answer(path, [Reply::status(503)]);
    }
    let gate = SqliteGate::start(
        "always-fails",
        &format!("{}retries: {{ scale: 0.001 }}", channels(&app)),
    )
    .await;
    let schedules = [
        ("task.created", "/tasks", vec![1, 2, 4]),
        ("task.updated", "/tasks", vec![1, 2, 4, 8, 16]),
        ("task.completed", "/tasks", vec![30, 300, 1800]),
        ("task.deleted", "/tasks", vec![1, 2, 4]),
        ("reminder.scheduled", "/reminders", vec![1, 2, 4]),
        ("reminder.due", "/reminders", (0..10).map(|n| 1 << n).collect()),
        ("reminder.cancelled", "/reminders", vec![1, 2, 4]),
    ];
    for (event_type, path, _) in &schedules {
        let topic = if *path == "/tasks" { "task-events" } else { "reminders" };
        gate.send(topic, of_type(event_type, event_type).as_bytes());
    }
    let letters = dead_letters(&gate, schedules.len()).await;
    for (event_type, path, delays) in &schedules {
        let received = app.received(path);
        let retries = delays.len() as u64;
        assert_eq!(
            attempts(&received, event_type),
            (0..=retries).collect::<Vec<_>>(),
            "{event_type}"
        );
        let calls: Vec<_> = received
            .iter()
            .filter(|call| envelope(call)["id"] == *event_type)
            .collect();
        for (pair, delay) in calls.windows(2).zip(delays) {
            let waited = pair[1].at - pair[0].at;
            assert!(
                waited >= Duration::from_millis(*delay),
                "{event_type}: {waited:?} instead of {delay} ms"
            );
        }
        let mine: Vec<_> = letters
            .iter()
            .filter(|letter| letter["event_id"] == *event_type)
            .collect();
        assert_eq!(mine.len(), 1, "{event_type}: one dead letter");
        let metadata = &mine[0]["dlq_metadata"];
        assert_eq!(metadata["retry_count"], retries);
        assert!(
            metadata["error"].as_str().expect("a text").contains("503"),
            "{metadata}"
        );
        assert_eq!(metadata["violations"], json!([]), "it is valid");
    }
    let about = |topic: &str| {
        let alerts = gate.read(topic);
        let about = |alert: &Value| alert["event"]["type"].as_str().unwrap_or_default().to_owned();
        alerts.iter().map(about).collect::<BTreeSet<_>>()
    };
    wait::until("the last alerts", wait::PATIENCE, async || {
        (gate.read("ops-alerts").len() == schedules.len() && gate.read("user-alerts").len() == 3).then_some(())
    })
    .await
    .expect("all alerts");
    assert_eq!(
        about("ops-alerts").len(),
        schedules.len(),
        "operations are always notified"
    );
    let reminders = ["reminder.cancelled", "reminder.due", "reminder.scheduled"];
    assert!(
        about("user-alerts").iter().eq(reminders),
        "the user of reminders: {:?}",
        about("user-alerts")
    );
    let processed = gate.processed("reminders", 3).await;
    for record in &processed {
        let delivery = &record["delivery"];
        assert_eq!(
            (&delivery["disposition"], &delivery["dead_letter_reason"]),
            (&json!("dead_lettered"), &json!("exhausted")),
            "{delivery}"
        );
    }
}

#[tokio::test]
async fn the_answer_of_a_sink_decides_whether_there_is_a_retry() {
    let app = app().await;
    app.answer_with("/tasks", {
        let mut calls = BTreeMap::<String, usize>::new();
        move |request| {
            let id = envelope(request)["id"].as_str().unwrap_or_default().to_owned();
            let call = calls.entry(id.clone()).or_default();
            *call += 1;
            match (id.as_str(), *call) {
                ("wait", 1) => Reply::status(429).header("retry-after", "2"),
                ("busy", 1) => Reply::status(408),
                ("never", _) => Reply::text(400, "I do not want this"),
                _ => Reply::status(204),
            }
        }
    });
    let gate = SqliteGate::start("answers", &format!("{}retries: {{ scale: 0.01 }}", channels(&app))).await;
    for id in ["wait", "busy", "never"] {
        gate.send("task-events", event(id).as_bytes());
    }
    let letters = dead_letters(&gate, 1).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["event_id"], "never");
    assert_eq!(letters[0]["dlq_metadata"]["retry_count"], 0, "a 400 is permanent");
    let error = letters[0]["dlq_metadata"]["error"].as_str().expect("a text");
    assert!(error.contains("400") && error.contains("I do not want this"), "{error}");

    let received = app.wait_for("/tasks", 5).await.expect("the retries");
    assert_eq!(attempts(&received, "wait"), [0, 1]);
    assert_eq!(attempts(&received, "busy"), [0, 1]);
    let calls: Vec<_> = received.iter().filter(|call| envelope(call)["id"] == "wait").collect();
    let waited = calls[1].at - calls[0].at;
    assert!(waited >= Duration::from_secs(2), "Retry-After is kept: {waited:?}");
}

#[tokio::test]
async fn a_sink_that_does_not_answer_in_time_is_retried() {
    let app = app().await;
    app.answer(
        "/tasks",
        [Reply::status(200).after(Duration::from_secs(10)), Reply::status(200)],
    );
    let config = format!(
        "{}retries: {{ scale: 0.01 }}\nlimits: {{ send_timeout_seconds: 1 }}",
        channels(&app)
    );
    let gate = SqliteGate::start("times-out", &config).await;
    gate.send("task-events", event("e-1").as_bytes());
    let received = app.wait_for("/tasks", 2).await.expect("the retry");
    assert_eq!(attempts(&received, "e-1"), [0, 1]);
    until_dispositions(&gate, &["published"]).await;
    assert_eq!(gate.read("dlq").len(), 0);
}

#[tokio::test]
async fn a_sink_that_breaks_the_connection_is_retried() {
    let app = app().await;
    let sink = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = sink.local_addr().expect("an address").port();
    let config = channels(&app).replace(&format!("{}/tasks", app.port()), &format!("{port}/tasks"));
    let gate = SqliteGate::start("breaks", &format!("{config}retries: {{ scale: 0.01 }}")).await;
    gate.send("task-events", event("e-1").as_bytes());
    // Before it has read anything, in the midst of the request, and in the midst of the answer.
    for answer in ["", "", "HTTP/1.1 200 OK\r\ncontent-le"] {
        let (mut connection, _) = sink.accept().await.expect("a connection");
        if answer.is_empty() {
            drop(connection);
            continue;
        }
        connection.read_u8().await.expect("the request");
        connection.write_all(answer.as_bytes()).await.expect("writable");
    }
    let (mut connection, _) = sink.accept().await.expect("a connection");
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        assert_ne!(connection.read_buf(&mut request).await.expect("the request"), 0);
    }
    assert!(
        String::from_utf8_lossy(&request).contains(r#""tidegateattempt":3"#),
        "the fourth attempt"
    );
    let accepted = b"HTTP/1.1 204 No Content\r\n\r\n";
    connection.write_all(accepted).await.expect("writable");
    until_dispositions(&gate, &["published"]).await;
    assert_eq!(gate.read("dlq").len(), 0);
}

#[tokio::test]
async fn outputs_that_were_published_are_not_published_again_with_the_one_that_failed() {
    let app = app().await;
    app.answer_with("/tasks", {
        let mut failed = false;
        move |request| {
            let second = envelope(request)["type"] == "task.occurrence-requested";
            let fail = second && !std::mem::replace(&mut failed, second);
            Reply::status(if fail { 500 } else { 200 })
        }
    });
    let gate = SqliteGate::start("partly", &format!("{}retries: {{ scale: 0.001 }}", channels(&app))).await;
    let completed =
        of_type("done-1", "task.completed").replace(r#""payload":{}"#, r#""payload":{"recurring_pattern":"DAILY"}"#);
    gate.send("task-events", completed.as_bytes());
    let received = app.wait_for("/tasks", 3).await.expect("three calls");
    let types: Vec<_> = received.iter().map(|call| envelope(call)["type"].clone()).collect();
    assert_eq!(
        types,
        [
            "task.completed",
            "task.occurrence-requested",
            "task.occurrence-requested"
        ]
    );
    assert_eq!(envelope(&received[1])["id"], envelope(&received[2])["id"]);
}

#[tokio::test]
async fn a_scheduled_retry_survives_a_kill_and_a_duplicate_of_its_event_is_one() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(500), Reply::status(200)]);
    let gate = SqliteGate::start("retry-killed", &patient(&app)).await;
    gate.send("task-events", of_type("e-1", "task.updated").as_bytes());
    let processed = gate.processed("task-events", 1).await;
    assert_eq!(processed[0]["delivery"]["disposition"], "scheduled", "{processed:#?}");
    gate.process().kill9();
    gate.process().restart().await.expect("it starts again");
    gate.send("task-events", of_type("e-1", "task.updated").as_bytes());
    let processed = gate.processed("task-events", 2).await;
    assert_eq!(processed[1]["delivery"]["disposition"], "duplicate", "{processed:#?}");

    let received = app.wait_for("/tasks", 2).await.expect("the retry");
    assert_eq!(attempts(&received, "e-1"), [0, 1]);
    until_dispositions(&gate, &["published", "duplicate"]).await;
    assert_eq!(app.count("/tasks"), 2);
}

#[tokio::test]
async fn a_scheduled_retry_is_processed_by_the_policy_that_decides_when_it_is_due() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(500), Reply::status(200)]);
    let gate = SqliteGate::start("current-policy", &patient(&app)).await;
    gate.send("task-events", of_type("e-1", "task.updated").as_bytes());
    gate.processed("task-events", 1).await;
    kill_and_change(&gate, "policy: {", "policy: { target_version: \"1.0\",").await;
    let received = app.wait_for("/tasks", 2).await.expect("the retry");
    let versions: Vec<_> = received
        .iter()
        .map(|call| envelope(call)["data"]["event_version"].clone())
        .collect();
    assert_eq!(
        versions,
        [json!("1.1"), Value::Null],
        "the second is published as it came, in 1.0"
    );
}

#[tokio::test]
async fn an_event_of_a_service_is_scheduled_when_its_sink_fails() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(500), Reply::status(200)]);
    let gate = SqliteGate::start(
        "service-scheduled",
        &format!("{}retries: {{ scale: 0.01 }}", channels(&app)),
    )
    .await;
    let draft = r#"{"event_type":"task.created","task_id":1,"user_id":"user-1","payload":{}}"#;
    let (status, answer) = post(&gate, "/v1/events", draft).await;
    assert_eq!(
        (status, &answer["disposition"]),
        (StatusCode::ACCEPTED, &json!("scheduled")),
        "{answer}"
    );
    let received = app.wait_for("/tasks", 2).await.expect("the retry");
    assert_eq!(envelope(&received[0])["id"], envelope(&received[1])["id"]);
}
