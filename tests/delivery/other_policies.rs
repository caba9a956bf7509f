//! Another policy between two deliveries of an event: the event has one disposition all the same.

use reqwest::Client;
use serde_json::Value;
use tidegate_harness::{Reply, wait};
use tidegate_tests::{SqliteGate, event};

use super::given::{app, channels, dead_letters, dispositions, kill_and_change, patient, policies};

#[tokio::test]
async fn a_duplicate_stays_one_though_the_policy_of_today_would_reject_it() {
    let app = app().await;
    let gate = SqliteGate::start("sent-then-rejected", &channels(&app)).await;
    gate.send("task-events", event("e-1").as_bytes());
    gate.processed("task-events", 1).await;
    let (builtin, rejects) = policies("rejects");
    kill_and_change(&gate, &builtin, &rejects).await;
    gate.send(
        "task-events",
        format!("{}\n{}\n", event("e-1"), event("e-2")).as_bytes(),
    );
    assert_eq!(
        dispositions(&gate, 3).await,
        ["published", "duplicate", "dead_lettered"]
    );
    let letters = dead_letters(&gate, 1).await;
    assert_eq!(letters.len(), 1, "of the second event alone: {letters:?}");
    assert_eq!(app.count("/tasks"), 1);
}

#[tokio::test]
async fn a_scheduled_retry_that_is_rejected_when_it_is_due_is_dead_lettered_once() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(500), Reply::status(200)]);
    let gate = SqliteGate::start("scheduled-then-rejected", &patient(&app)).await;
    let line = event("e-1").replace("task.created", "task.updated");
    gate.send("task-events", line.as_bytes());
    assert_eq!(dispositions(&gate, 1).await, ["scheduled"]);
    let (builtin, rejects) = policies("rejects");
    kill_and_change(&gate, &builtin, &rejects).await;
    gate.send("task-events", line.as_bytes());
    let repeat = &gate.processed("task-events", 2).await[1];
    assert_eq!(repeat["delivery"]["disposition"], "duplicate", "{repeat}");
    dead_letters(&gate, 1).await;
    kill_and_change(&gate, &rejects, &builtin).await;
    gate.send("task-events", line.as_bytes());
    let repeat = &gate.processed("task-events", 3).await[2];
    assert_eq!(repeat["delivery"]["disposition"], "duplicate", "{repeat}");
    assert_eq!((app.count("/tasks"), gate.read("dlq").len()), (1, 1));
}

#[tokio::test]
async fn an_event_that_is_rejected_at_the_time_of_its_first_delivery_is_a_dead_letter() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(200).after(wait::PATIENCE)]);
    let gate = SqliteGate::start("rejected-by-time", &channels(&app)).await;
    let deliver = |millis: &'static str| {
        let request = Client::new().post(gate.url("/deliver/task-events"));
        request.header("__timestamp", millis).body(event("e-1")).send()
    };
    // In the year 9258.
    let first = tokio::spawn(deliver("230000000000000"));
    app.wait_for("/tasks", 1).await.expect("it is in progress");
    let (builtin, too_late) = policies("too-late");
    kill_and_change(&gate, &builtin, &too_late).await;
    first.await.expect("no panic").expect_err("the gate was killed");
    wait::until("the second delivery to be acknowledged", wait::PATIENCE, async || {
        let answer = deliver("1772357400000").await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        (answer["status"] == "SUCCESS").then_some(())
    })
    .await
    .expect("the claim of the killed gate is taken over");
    dead_letters(&gate, 1).await;
    let letter = &gate.read("dlq")[0]["event"];
    assert_eq!(letter["dlq_metadata"]["violations"][0]["code"], "too-late");
    assert_eq!(letter["id"], "e-1", "in the gate's own form");
    assert_eq!(app.count("/tasks"), 1, "it is not published as well");
}
