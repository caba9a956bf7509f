//! Exactly one disposition: duplicates, kills, and what became of every event of a load.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use tidegate_harness::{Received, Reply, repository, wait};
use tidegate_tests::{SqliteGate, event, tidegate_with};

use super::given::{app, channels, dispositions, envelope, of_type, post};

#[tokio::test]
async fn ten_deliveries_of_one_event_at_once_are_processed_once() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(200).after(Duration::from_millis(200))]);
    let gate = SqliteGate::start("ten-at-once", &channels(&app)).await;
    let deliver = || async {
        loop {
            let (_, answer) = post(&gate, "/deliver/task-events", event("e-1")).await;
            if answer["status"] == "SUCCESS" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    futures::future::join_all((0..10).map(|_| deliver())).await;
    assert_eq!(app.count("/tasks"), 1);
}

#[tokio::test]
async fn the_claims_of_a_killed_gate_are_taken_over_at_once() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(200).after(wait::PATIENCE), Reply::status(200)]);
    let config = format!("{}claims: {{ lease_ms: 600000 }}", channels(&app));
    let gate = SqliteGate::start("killed-in-a-lease", &config).await;
    gate.send("task-events", event("e-1").as_bytes());
    app.wait_for("/tasks", 1).await.expect("it is in progress");
    gate.process().kill9();
    gate.process().restart().await.expect("it starts again");
    let received = app.wait_for("/tasks", 2).await.expect("long before the lease ends");
    assert_eq!(envelope(&received[0])["id"], envelope(&received[1])["id"]);
    assert_eq!(dispositions(&gate, 1).await, ["published"]);
}

#[tokio::test]
async fn a_second_gate_on_the_same_data_file_does_not_start() {
    let gate = SqliteGate::start("two-on-one-file", "").await;
    let config = repository().join("schemas/gate.yaml").display().to_string();
    let args = [
        "serve",
        "--config",
        &config,
        "--data",
        gate.data(),
        "--listen",
        "127.0.0.1:0",
    ];
    let ended = tidegate_with(&[("TIDEGATE_ADMIN__LISTEN", "127.0.0.1:0")], &args, b"");
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert!(
        ended.err.contains("another gate runs on the data file"),
        "{}",
        ended.err
    );
}

#[tokio::test]
async fn without_idempotency_a_duplicate_is_published_with_the_same_id() {
    let app = app().await;
    let config = format!(
        "{}subscriptions: [{{ name: task-events, idempotency: false }}]",
        channels(&app)
    );
    let gate = SqliteGate::start("not-idempotent", &config).await;
    gate.send(
        "task-events",
        format!("{}\n{}\n", event("e-1"), event("e-1")).as_bytes(),
    );
    let received = app.wait_for("/tasks", 2).await.expect("both");
    assert_eq!(envelope(&received[0])["id"], envelope(&received[1])["id"]);
}

#[tokio::test]
async fn every_event_is_published_or_dead_lettered_through_kills_and_a_sink_that_fails() {
    const EVENTS: usize = 1_500;
    let app = app().await;
    let fail = |every: u64| {
        let mut calls = 0_u64;
        move |_: &Received| {
            calls += 1;
            Reply::status(if calls % every == every - 1 { 503 } else { 200 })
        }
    };
    app.answer_with("/tasks", fail(33));
    app.answer_with("/reminders", fail(33));
    let gate = SqliteGate::start("kills", &format!("{}retries: {{ scale: 0.02 }}", channels(&app))).await;
    let kinds = ["task.created", "task.updated", "task.completed", "task.deleted"];
    let mut expected = (BTreeSet::new(), BTreeSet::new());
    let mut lines = String::new();
    for number in 0..EVENTS {
        let id = format!("e-{number}");
        if number % 10 == 9 {
            lines += &of_type(&id, "task.exploded");
            expected.1.insert(id);
        } else {
            lines += &of_type(&id, kinds[number % kinds.len()]);
            expected.0.insert(id);
        }
        lines.push('\n');
    }
    gate.send("task-events", lines.as_bytes());
    let mut kills = 0;
    let processed = || {
        gate.read("task-events")
            .iter()
            .filter(|record| !record["delivery"].is_null())
            .count()
    };
    while kills < 8 && processed() < EVENTS {
        tokio::time::sleep(Duration::from_millis(150)).await;
        gate.process().kill9();
        gate.process().restart().await.expect("it starts again");
        kills += 1;
    }
    let (mut sent, mut dead) = (Vec::new(), Vec::new());
    let started = Instant::now();
    while started.elapsed() < Duration::from_mins(1) {
        sent = app
            .received("/tasks")
            .iter()
            .map(|call| envelope(call)["id"].as_str().unwrap_or_default().to_owned())
            .collect();
        dead = gate
            .read("dlq")
            .iter()
            .map(|record| {
                record["event"]["payload"]["event_id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect();
        let is_pending = gate
            .read("task-events")
            .iter()
            .any(|record| record["delivery"].is_null() || record["delivery"]["disposition"] == "scheduled");
        if !is_pending {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let outputs: BTreeSet<_> = sent.iter().cloned().collect();
    let letters: BTreeSet<_> = dead.iter().cloned().collect();
    println!(
        "{kills} kills, {EVENTS} events in, {} calls of the sink about {} events, {} dead letters of {} events, {} lost",
        sent.len(),
        outputs.len(),
        dead.len(),
        letters.len(),
        EVENTS - outputs.union(&letters).count()
    );
    assert!(kills > 0);
    assert_eq!(outputs, expected.0, "every valid event is published");
    assert_eq!(
        letters, expected.1,
        "every other is dead-lettered, and no valid one is both"
    );
}
