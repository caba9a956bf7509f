//! Another policy between two deliveries of an event: it has one end all the same.

use reqwest::Client;
use serde_json::Value;
use tidegate_harness::{Reply, wait};
use tidegate_tests::{Embedded, event};

use super::given::{app, channels, dead_letters, ends, kill_and_change, patient, policies};

#[tokio::test]
async fn a_repeat_of_what_was_sent_is_one_though_it_would_be_rejected_now() {
    let app = app().await;
    let embedded = Embedded::start("sent-then-rejected", &channels(&app)).await;
    embedded.send("task-events", event("e-1").as_bytes());
    embedded.judged("task-events", 1).await;
    let (builtin, rejects) = policies("rejects");
    kill_and_change(&embedded, &builtin, &rejects).await;
    embedded.send(
        "task-events",
        format!("{}\n{}\n", event("e-1"), event("e-2")).as_bytes(),
    );
    assert_eq!(ends(&embedded, 3).await, ["forward", "duplicate", "reject"]);
    let letters = dead_letters(&embedded, 1).await;
    assert_eq!(letters.len(), 1, "of the second event alone: {letters:?}");
    assert_eq!(app.count("/tasks"), 1);
}

#[tokio::test]
async fn what_was_put_aside_and_is_rejected_when_it_is_due_has_come_to_its_end() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(500), Reply::status(200)]);
    let embedded = Embedded::start("held-then-rejected", &patient(&app)).await;
    let line = event("e-1").replace("task.created", "task.updated");
    embedded.send("task-events", line.as_bytes());
    assert_eq!(ends(&embedded, 1).await, ["held"]);
    let (builtin, rejects) = policies("rejects");
    kill_and_change(&embedded, &builtin, &rejects).await;
    embedded.send("task-events", line.as_bytes());
    let repeat = &embedded.judged("task-events", 2).await[1];
    assert_eq!(repeat["delivery"]["disposition"], "duplicate", "{repeat}");
    dead_letters(&embedded, 1).await;
    kill_and_change(&embedded, &rejects, &builtin).await;
    embedded.send("task-events", line.as_bytes());
    let repeat = &embedded.judged("task-events", 3).await[2];
    assert_eq!(repeat["delivery"]["disposition"], "duplicate", "{repeat}");
    assert_eq!((app.count("/tasks"), embedded.read("dlq").len()), (1, 1));
}

#[tokio::test]
async fn what_is_rejected_by_the_time_of_its_first_delivery_is_a_dead_letter() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(200).after(wait::PATIENCE)]);
    let embedded = Embedded::start("rejected-by-time", &channels(&app)).await;
    let deliver = |millis: &'static str| {
        let request = Client::new().post(embedded.gate.url("/deliver/task-events"));
        request.header("__timestamp", millis).body(event("e-1")).send()
    };
    // In the year 9258.
    let first = tokio::spawn(deliver("230000000000000"));
    app.wait_for("/tasks", 1).await.expect("it is under way");
    let (builtin, too_late) = policies("too-late");
    kill_and_change(&embedded, &builtin, &too_late).await;
    first.await.expect("no panic").expect_err("the gate was killed");
    wait::until("the repeat to come to its end", wait::PATIENCE, async || {
        let answer = deliver("1772357400000").await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        (answer["status"] == "SUCCESS").then_some(())
    })
    .await
    .expect("the claim of the killed gate is taken over");
    let letters = dead_letters(&embedded, 1).await;
    assert_eq!(letters[0]["dlq_metadata"]["violations"][0]["code"], "too-late");
    assert_eq!(app.count("/tasks"), 1, "it is not sent as well");
}
