//! Faults of the policy: an event that it cannot judge, and a policy that can judge next to none.

use std::{collections::BTreeSet, time::Duration};

use reqwest::StatusCode;
use serde_json::Value;
use tidegate_harness::wait;
use tidegate_tests::{Embedded, event};

use super::given::{app, channels, dead_letters, envelope, kill_and_change, of_type};

/// A policy that has too little memory for large events faults on them, and on no others.
const LITTLE_MEMORY: &str = "limits: { memory_bytes: 4194304 }\n";

fn large(id: &str) -> String {
    let events = format!("[{}]", vec!["[1,2,3,4,5,6,7]"; 6000].join(","));
    of_type(id, "task.created").replace(r#""payload":{}"#, &format!(r#""payload":{{"list":{events}}}"#))
}

#[tokio::test]
async fn an_event_that_the_policy_faults_on_is_given_up_while_others_pass() {
    let app = app().await;
    let config = format!(
        "{}{LITTLE_MEMORY}retries: {{ scale: 0.05, fault_limit: 3 }}",
        channels(&app)
    );
    let embedded = Embedded::start("fault", &config).await;
    // Others pass: what is faulted on before any has passed does not count.
    embedded.send("task-events", event("before").as_bytes());
    app.wait_for("/tasks", 1).await.expect("it is sent");
    embedded.send(
        "task-events",
        format!("{}\n{}\n", large("large"), event("small")).as_bytes(),
    );
    app.wait_for("/tasks", 2).await.expect("the small one is not held up");
    let letters = dead_letters(&embedded, 1).await;
    let metadata = &letters[0]["dlq_metadata"];
    assert_eq!(metadata["violations"][0]["code"], "policy-fault", "{metadata}");
    assert!(
        metadata["error"].as_str().expect("a text").contains("3 times (memory)"),
        "{metadata}"
    );
    assert_eq!(letters[0]["event_id"], "large", "complete");
    assert_eq!(app.count("/tasks"), 2);
}

#[tokio::test]
async fn an_event_counts_once_however_often_the_policy_faults_on_it() {
    let app = app().await;
    let config = format!(
        "{}{LITTLE_MEMORY}retries: {{ scale: 0.01, fault_limit: 100 }}",
        channels(&app)
    );
    let embedded = Embedded::start("counts-once", &config).await;
    embedded.send(
        "task-events",
        format!("{}\n{}\n", large("large-1"), large("large-2")).as_bytes(),
    );
    let faults = r#"tidegate_policy_faults_total{kind="memory"}"#;
    wait::until("many faults", wait::PATIENCE, async || {
        (embedded.counted(faults).await >= 14).then_some(())
    })
    .await
    .expect("they are tried again and again");
    let ready = reqwest::get(embedded.gate.url("/readyz")).await.expect("an answer");
    assert_eq!(ready.status(), StatusCode::OK, "two events say little about a policy");
    let found = reqwest::get(embedded.admin_url("/admin/revisions")).await;
    let found: Value = found.expect("an answer").json().await.expect("JSON");
    assert_eq!(found["revisions"][0]["counts"]["fault"], 2, "{found:#}");
    embedded.send("task-events", event("small").as_bytes());
    app.wait_for("/tasks", 1).await.expect("others go on");
}

#[tokio::test]
async fn a_policy_that_faults_on_most_events_takes_none_and_loses_none() {
    let app = app().await;
    let config = format!(
        "{}{LITTLE_MEMORY}retries: {{ scale: 0.1, fault_limit: 2 }}",
        channels(&app)
    );
    let embedded = Embedded::start("sick", &config).await;
    let events: String = (0..30).map(|number| large(&format!("large-{number}")) + "\n").collect();
    embedded.send("task-events", events.as_bytes());
    let url = embedded.gate.url("/readyz");
    wait::until("the gate to turn unready", wait::PATIENCE, async || {
        let answer = reqwest::get(&url).await.ok()?;
        (answer.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await
    .expect("it is unready");
    // A reminder is what the policy can judge: it proves that it is well.
    embedded.send("reminders", of_type("r-1", "reminder.due").as_bytes());
    let probe = app.wait_longer_for("/reminders", 1, Duration::from_secs(90));
    probe.await.expect("the probe passes");
    kill_and_change(&embedded, LITTLE_MEMORY, "").await;
    wait::until("every large event to come to an end", wait::PATIENCE, async || {
        let ids = |values: Vec<Value>| values.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let sent = ids(app
            .received("/tasks")
            .iter()
            .map(|call| envelope(call)["id"].clone())
            .collect());
        let letters = embedded.read("dlq");
        let dead = ids(letters
            .iter()
            .map(|letter| letter["event"]["payload"]["event_id"].clone())
            .collect());
        assert!(sent.is_disjoint(&dead), "one end each: {sent:?} {dead:?}");
        (sent.len() + dead.len() == 30).then_some(())
    })
    .await
    .expect("none is lost");
}
