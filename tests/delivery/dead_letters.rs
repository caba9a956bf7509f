//! Dead letters: scheduled until they can be published, and redriven.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::json;
use tidegate_harness::{Reply, wait};
use tidegate_tests::{SqliteGate, event, tidegate};

use super::given::{app, channels, dead_letters, envelope, post};

#[tokio::test]
async fn a_dead_letter_that_cannot_be_published_is_scheduled_and_its_source_acknowledged() {
    let app = app().await;
    app.answer(
        "/dlq",
        [500, 400, 503]
            .map(Reply::status)
            .into_iter()
            .chain([Reply::status(200)]),
    );
    let config = channels(&app).replace(
        "{ topic: dlq }",
        &format!("{{ url: \"http://127.0.0.1:{}/dlq\" }}", app.port()),
    );
    let gate = SqliteGate::start("dlq-fails", &format!("{config}retries: {{ scale: 1 }}")).await;
    gate.send("task-events", b"not json");
    let processed = gate.processed("task-events", 1).await;
    assert_eq!(processed[0]["delivery"]["disposition"], "scheduled", "{processed:#?}");
    gate.process().kill9();
    gate.process().restart().await.expect("it starts again");
    let received = app
        .wait_for("/dlq", 4)
        .await
        .expect("as often as it takes, whatever the answer");
    let ids: BTreeSet<_> = received.iter().map(|call| envelope(call)["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "always the same dead letter");
    assert_eq!(envelope(&received[3])["data"]["payload"]["original"], "not json");
    wait::until("the alert", wait::PATIENCE, async || {
        (gate.read("ops-alerts").len() == 1).then_some(())
    })
    .await
    .expect("one alert");
}

#[tokio::test]
async fn a_dead_letter_is_redriven_once() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(400), Reply::status(200)]);
    let gate = SqliteGate::start("redrive", &channels(&app)).await;
    gate.send("task-events", event("e-1").as_bytes());
    dead_letters(&gate, 1).await;
    let letter = gate.read("dlq")[0]["event"].to_string();
    let (status, answer) = post(&gate, "/v1/redrive", letter.clone()).await;
    assert_eq!(
        (status, &answer["disposition"]),
        (StatusCode::OK, &json!("published")),
        "{answer}"
    );
    let sent = envelope(&app.received("/tasks")[1]);
    assert_eq!(sent["tidegateredriven"], gate.read("dlq")[0]["id"], "it is marked");
    assert_eq!(sent["tidegatesource"], "task-events@0");
    assert_eq!(sent["data"]["event_id"], "e-1");
    let (status, answer) = post(&gate, "/v1/redrive", letter).await;
    assert_eq!(
        (status, &answer["disposition"]),
        (StatusCode::OK, &json!("duplicate")),
        "{answer}"
    );
    assert_eq!(app.count("/tasks"), 2);

    let (status, problem) = post(&gate, "/v1/redrive", event("e-2")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert!(
        problem["detail"].as_str().expect("a text").contains("dlq_metadata"),
        "{problem}"
    );
}

#[tokio::test]
async fn the_command_redrives_all_dead_letters() {
    let app = app().await;
    let failing = std::iter::repeat_n(Reply::status(400), 3);
    app.answer("/tasks", failing.chain([Reply::status(200)]));
    let gate = SqliteGate::start("redrive-command", &channels(&app)).await;
    gate.send(
        "task-events",
        format!("{}\n{}\n{}\n", event("e-1"), event("e-2"), event("e-3")).as_bytes(),
    );
    dead_letters(&gate, 3).await;
    let url = gate.url("");
    let data = gate.data().to_owned();
    let redrive = move || tidegate(&["dlq", "redrive", "--all", "--data", &data, "--url", &url], b"");
    let redriven = tokio::task::spawn_blocking(redrive).await.expect("it ends");
    assert_eq!(redriven.code, 0, "{redriven:?}");
    let sent: Vec<_> = app.received("/tasks")[3..]
        .iter()
        .map(|call| envelope(call)["id"].clone())
        .collect();
    assert_eq!(sent, ["e-1", "e-2", "e-3"]);
}
