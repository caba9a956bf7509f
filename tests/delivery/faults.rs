//! Faults of the policy: an event that it cannot judge, and a policy that can judge hardly any.

use std::{collections::BTreeSet, time::Duration};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidegate_harness::wait;
use tidegate_tests::{SqliteGate, event};

use super::given::{app, channels, dead_letters, envelope, kill_and_change, of_type};

/// A policy that has too little memory for large events faults on them, and on no others.
const LITTLE_MEMORY: &str = "limits: { memory_bytes: 4194304 }\n";

fn large(id: &str) -> String {
    let events = format!("[{}]", vec!["[1,2,3,4,5,6,7]"; 6000].join(","));
    of_type(id, "task.created").replace(r#""payload":{}"#, &format!(r#""payload":{{"list":{events}}}"#))
}

#[tokio::test]
async fn an_event_that_the_policy_faults_on_is_dead_lettered_while_others_pass() {
    let app = app().await;
    let config = format!(
        "{}{LITTLE_MEMORY}retries: {{ scale: 0.05, fault_limit: 3 }}",
        channels(&app)
    );
    let gate = SqliteGate::start("fault", &config).await;
    // A fault counts against the event only when the policy decides on others.
    gate.send("task-events", event("before").as_bytes());
    app.wait_for("/tasks", 1).await.expect("it is published");
    gate.send(
        "task-events",
        format!("{}\n{}\n", large("large"), event("small")).as_bytes(),
    );
    app.wait_for("/tasks", 2).await.expect("the small one does not wait");
    let letters = dead_letters(&gate, 1).await;
    let metadata = &letters[0]["dlq_metadata"];
    assert_eq!(metadata["violations"][0]["code"], "policy-fault", "{metadata}");
    assert!(
        metadata["error"].as_str().expect("a text").contains("3 times (memory)"),
        "{metadata}"
    );
    assert_eq!(letters[0]["event_id"], "large", "complete");
    assert_eq!(app.count("/tasks"), 2);
    let processed = gate.processed("task-events", 3).await;
    let delivery = &processed[1]["delivery"];
    assert_eq!(
        (&delivery["disposition"], &delivery["dead_letter_reason"]),
        (&json!("dead_lettered"), &json!("fault"))
    );
    let counter = r#"tidegate_deliveries_total{topic="task-events",disposition="dead_lettered",reason="fault"}"#;
    assert_eq!(gate.counted(counter).await, 1);
}

#[tokio::test]
async fn an_event_counts_once_however_often_the_policy_faults_on_it() {
    let app = app().await;
    let config = format!(
        "{}{LITTLE_MEMORY}retries: {{ scale: 0.01, fault_limit: 100 }}",
        channels(&app)
    );
    let gate = SqliteGate::start("counts-once", &config).await;
    gate.send(
        "task-events",
        format!("{}\n{}\n", large("large-1"), large("large-2")).as_bytes(),
    );
    let faults = r#"tidegate_policy_faults_total{kind="memory"}"#;
    wait::until("many faults", wait::PATIENCE, async || {
        (gate.counted(faults).await >= 14).then_some(())
    })
    .await
    .expect("they are retried");
    let ready = reqwest::get(gate.url("/readyz")).await.expect("an answer");
    assert_eq!(ready.status(), StatusCode::OK, "two events say little about a policy");
    let found = reqwest::get(gate.admin_url("/admin/revisions")).await;
    let found: Value = found.expect("an answer").json().await.expect("JSON");
    assert_eq!(found["revisions"][0]["counts"]["fault"], 2, "{found:#}");
    gate.send("task-events", event("small").as_bytes());
    app.wait_for("/tasks", 1).await.expect("others go on");
}

#[tokio::test]
async fn a_policy_that_faults_on_most_events_opens_the_circuit_breaker_and_loses_none() {
    let app = app().await;
    let config = format!(
        "{}{LITTLE_MEMORY}retries: {{ scale: 0.1, fault_limit: 2 }}",
        channels(&app)
    );
    let gate = SqliteGate::start("breaker", &config).await;
    let events: String = (0..30).map(|number| large(&format!("large-{number}")) + "\n").collect();
    gate.send("task-events", events.as_bytes());
    let url = gate.url("/readyz");
    wait::until("the gate to turn unready", wait::PATIENCE, async || {
        let answer = reqwest::get(&url).await.ok()?;
        (answer.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await
    .expect("it is unready");
    // The policy can judge a reminder: that closes the breaker.
    gate.send("reminders", of_type("r-1", "reminder.due").as_bytes());
    let probe = app.wait_longer_for("/reminders", 1, Duration::from_secs(90));
    probe.await.expect("the probe passes");
    kill_and_change(&gate, LITTLE_MEMORY, "").await;
    wait::until(
        "every large event to be published or dead-lettered",
        wait::PATIENCE,
        async || {
            let ids = |values: Vec<Value>| values.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
            let sent = ids(app
                .received("/tasks")
                .iter()
                .map(|call| envelope(call)["id"].clone())
                .collect());
            let letters = gate.read("dlq");
            let dead = ids(letters
                .iter()
                .map(|letter| letter["event"]["payload"]["event_id"].clone())
                .collect());
            assert!(sent.is_disjoint(&dead), "not both: {sent:?} {dead:?}");
            (sent.len() + dead.len() == 30).then_some(())
        },
    )
    .await
    .expect("none is lost");
}
