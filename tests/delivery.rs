//! A delivery on the embedded backend, to its end: sinks that fail, retries, dead letters, faults of the policy, kills.
#![allow(clippy::print_stdout, reason = "counts that people want to see")]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tidegate_harness::{App, Received, Reply, wait};
use tidegate_tests::{Embedded, event};

/// Where the events of tasks and reminders go: paths of a test's app. Dead letters and alerts stay topics.
fn channels(app: &App) -> String {
    format!(
        "channels:
  task-events: {{ url: \"http://127.0.0.1:{port}/tasks\" }}
  reminders: {{ url: \"http://127.0.0.1:{port}/reminders\" }}
  dlq: {{ topic: dlq }}
  ops-alerts: {{ topic: ops-alerts }}
  user-alerts: {{ log: user-alerts }}
claims: {{ lease_ms: 300 }}
",
        port = app.port()
    )
}

fn of_type(id: &str, event_type: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","event_type":"{event_type}","task_id":7,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{{}}}}"#
    )
}

fn envelope(received: &Received) -> Value {
    received.json().expect("an envelope")
}

/// `tidegateattempt` of each call about an event.
fn attempts(received: &[Received], id: &str) -> Vec<u64> {
    let about = received.iter().map(envelope).filter(|envelope| envelope["id"] == id);
    about
        .map(|envelope| envelope["tidegateattempt"].as_u64().unwrap_or(0))
        .collect()
}

async fn dead_letters(embedded: &Embedded, count: usize) -> Vec<Value> {
    wait::until("dead letters", wait::PATIENCE, async || {
        let letters = embedded.read("dlq");
        (letters.len() >= count).then_some(letters)
    })
    .await
    .unwrap_or_else(|error| panic!("{error}: {:#?}", embedded.read("dlq")))
    .iter()
    .map(|record| record["event"]["payload"].clone())
    .collect()
}

async fn app() -> App {
    App::start([]).await.expect("an app")
}

async fn post(embedded: &Embedded, path: &str, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
    let answer = Client::new().post(embedded.gate.url(path)).body(body);
    let answer = answer.send().await.expect("an answer");
    (answer.status(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn a_sink_that_always_fails_gets_exactly_the_schedules_attempts() {
    let app = app().await;
    for path in ["/tasks", "/reminders"] {
        app.answer(path, [Reply::status(503)]);
    }
    let embedded = Embedded::start(
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
        embedded.send(topic, of_type(event_type, event_type).as_bytes());
    }
    let letters = dead_letters(&embedded, schedules.len()).await;
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
        let alerts = embedded.read(topic);
        let about = |alert: &Value| {
            alert["event"]["payload"]["failed_event_type"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        alerts.iter().map(about).collect::<BTreeSet<_>>()
    };
    wait::until("the last alerts", wait::PATIENCE, async || {
        (embedded.read("ops-alerts").len() == schedules.len() && embedded.read("user-alerts").len() == 3).then_some(())
    })
    .await
    .expect("all alerts");
    assert_eq!(about("ops-alerts").len(), schedules.len(), "operations are told always");
    let reminders = ["reminder.cancelled", "reminder.due", "reminder.scheduled"];
    assert!(
        about("user-alerts").iter().eq(reminders),
        "the user of reminders: {:?}",
        about("user-alerts")
    );
    let judged = embedded.judged("reminders", 3).await;
    assert!(
        judged.iter().all(|record| record["outcome"]["verdict"] == "given-up"),
        "{judged:#?}"
    );
}

#[tokio::test]
async fn what_a_sink_says_decides() {
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
    let embedded = Embedded::start("answers", &format!("{}retries: {{ scale: 0.01 }}", channels(&app))).await;
    for id in ["wait", "busy", "never"] {
        embedded.send("task-events", event(id).as_bytes());
    }
    let letters = dead_letters(&embedded, 1).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["event_id"], "never");
    assert_eq!(letters[0]["dlq_metadata"]["retry_count"], 0, "a 400 is final");
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
async fn outputs_that_were_sent_are_not_sent_again_with_the_one_that_failed() {
    let app = app().await;
    app.answer_with("/tasks", {
        let mut failed = false;
        move |request| {
            let second = envelope(request)["type"] == "task.occurrence-requested";
            let fail = second && !std::mem::replace(&mut failed, second);
            Reply::status(if fail { 500 } else { 200 })
        }
    });
    let embedded = Embedded::start("partly", &format!("{}retries: {{ scale: 0.001 }}", channels(&app))).await;
    let completed =
        of_type("done-1", "task.completed").replace(r#""payload":{}"#, r#""payload":{"recurring_pattern":"DAILY"}"#);
    embedded.send("task-events", completed.as_bytes());
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
async fn a_hold_survives_a_kill_and_a_repeat_of_a_held_event_is_one() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(500), Reply::status(200)]);
    let embedded = Embedded::start("hold-killed", &channels(&app)).await;
    embedded.send("task-events", of_type("e-1", "task.updated").as_bytes());
    let judged = embedded.judged("task-events", 1).await;
    assert_eq!(judged[0]["outcome"]["verdict"], "held", "{judged:#?}");
    embedded.gate.process().kill9();
    embedded.gate.process().restart().await.expect("it starts again");
    embedded.send("task-events", of_type("e-1", "task.updated").as_bytes());
    let judged = embedded.judged("task-events", 2).await;
    assert_eq!(judged[1]["outcome"]["verdict"], "duplicate", "{judged:#?}");

    let received = app.wait_for("/tasks", 2).await.expect("the retry");
    assert_eq!(attempts(&received, "e-1"), [0, 1]);
    wait::until("the outcome to be told", wait::PATIENCE, async || {
        let first = &embedded.read("task-events")[0];
        (first["outcome"]["verdict"] == "forward").then_some(())
    })
    .await
    .expect("held, then forwarded");
    assert_eq!(app.count("/tasks"), 2);
}

#[tokio::test]
async fn a_dead_letter_that_cannot_be_sent_is_put_aside_and_its_source_acknowledged() {
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
    let embedded = Embedded::start("dlq-fails", &format!("{config}retries: {{ scale: 0.2 }}")).await;
    embedded.send("task-events", b"not json");
    let judged = embedded.judged("task-events", 1).await;
    assert_eq!(judged[0]["outcome"]["verdict"], "held", "{judged:#?}");
    embedded.gate.process().kill9();
    embedded.gate.process().restart().await.expect("it starts again");
    let received = app
        .wait_for("/dlq", 4)
        .await
        .expect("as often as it takes, whatever the answer");
    let ids: BTreeSet<_> = received.iter().map(|call| envelope(call)["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "always the same dead letter");
    assert_eq!(envelope(&received[3])["data"]["payload"]["original_text"], "not json");
    wait::until("the alert", wait::PATIENCE, async || {
        (embedded.read("ops-alerts").len() == 1).then_some(())
    })
    .await
    .expect("one alert");
}

#[tokio::test]
async fn a_held_event_runs_through_the_policy_of_the_time_it_is_due() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(500), Reply::status(200)]);
    let embedded = Embedded::start("current-policy", &channels(&app)).await;
    embedded.send("task-events", of_type("e-1", "task.updated").as_bytes());
    embedded.judged("task-events", 1).await;
    embedded.gate.process().kill9();
    let file = embedded.gate.process().dir().join("tidegate.yaml");
    let config = std::fs::read_to_string(&file).expect("the configuration");
    std::fs::write(&file, config.replace("policy: {", "policy: { target_version: \"1.0\",")).expect("writable");
    embedded.gate.process().restart().await.expect("it starts again");
    let received = app.wait_for("/tasks", 2).await.expect("the retry");
    let versions: Vec<_> = received
        .iter()
        .map(|call| envelope(call)["data"]["event_version"].clone())
        .collect();
    assert_eq!(
        versions,
        [json!("1.1"), Value::Null],
        "the second left as it came, in 1.0"
    );
}

#[tokio::test]
async fn ten_deliveries_of_one_event_at_once_are_processed_once() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(200).after(Duration::from_millis(200))]);
    let embedded = Embedded::start("ten-at-once", &channels(&app)).await;
    let deliver = || async {
        loop {
            let (_, answer) = post(&embedded, "/deliver/task-events", event("e-1")).await;
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
async fn without_idempotency_a_repeat_is_sent_with_the_same_id() {
    let app = app().await;
    let config = format!(
        "{}subscriptions: [{{ name: task-events, idempotency: off }}]",
        channels(&app)
    );
    let embedded = Embedded::start("not-idempotent", &config).await;
    embedded.send(
        "task-events",
        format!("{}\n{}\n", event("e-1"), event("e-1")).as_bytes(),
    );
    let received = app.wait_for("/tasks", 2).await.expect("both");
    assert_eq!(envelope(&received[0])["id"], envelope(&received[1])["id"]);
}

/// A policy that has too little memory for large events faults on them, and on no others.
const LITTLE_MEMORY: &str = "limits: { memory_bytes: 3145728 }\n";

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
    embedded.send(
        "task-events",
        format!("{}\n{}\n", large("large"), event("small")).as_bytes(),
    );
    app.wait_for("/tasks", 1).await.expect("the small one is not held up");
    let letters = dead_letters(&embedded, 1).await;
    let metadata = &letters[0]["dlq_metadata"];
    assert_eq!(metadata["violations"][0]["code"], "policy-fault", "{metadata}");
    assert!(
        metadata["error"].as_str().expect("a text").contains("3 times (memory)"),
        "{metadata}"
    );
    assert_eq!(letters[0]["event_id"], "large", "complete");
    assert_eq!(app.count("/tasks"), 1);
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
    app.wait_for("/reminders", 1).await.expect("the probe passes");
    embedded.gate.process().kill9();
    let file = embedded.gate.process().dir().join("tidegate.yaml");
    let config = std::fs::read_to_string(&file).expect("the configuration");
    std::fs::write(&file, config.replace(LITTLE_MEMORY, "")).expect("writable");
    embedded.gate.process().restart().await.expect("it starts again");
    wait::until("every large event to come to an end", wait::PATIENCE, async || {
        let sent = app
            .received("/tasks")
            .iter()
            .map(|call| envelope(call)["id"].to_string())
            .collect::<BTreeSet<_>>();
        (sent.len() + embedded.read("dlq").len() == 30).then_some(())
    })
    .await
    .expect("none is lost");
}

#[tokio::test]
async fn a_consumer_hands_back_what_it_could_not_handle() {
    let app = app().await;
    let embedded = Embedded::start("failures", &format!("{}retries: {{ scale: 0.001 }}", channels(&app))).await;
    embedded.send("task-events", of_type("e-1", "task.created").as_bytes());
    for attempt in 0..=3 {
        let received = app.wait_for("/tasks", attempt + 1).await.expect("sent, and sent again");
        let sent = envelope(&received[attempt]);
        let retry_count = sent["tidegateattempt"].as_u64().unwrap_or(0);
        assert_eq!(retry_count, attempt as u64);
        let failure =
            json!({ "event": sent["data"], "error": "no such\ntask", "retry_count": retry_count }).to_string();
        // Twice: a consumer that got no answer hands it back again.
        for _ in 0..2 {
            let (status, answer) = post(&embedded, "/v1/failures", failure.clone()).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
            assert_eq!(
                answer["action"],
                if attempt < 3 { "retry" } else { "dead-letter" },
                "{answer}"
            );
        }
    }
    let letters = dead_letters(&embedded, 1).await;
    assert_eq!(letters[0]["dlq_metadata"]["error"], "no such task");
    assert_eq!(letters[0]["dlq_metadata"]["retry_count"], 3);
    let ids: BTreeSet<_> = embedded
        .read("dlq")
        .iter()
        .map(|record| record["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "a repeat has the same id");
    assert_eq!(app.count("/tasks"), 4);

    let (status, problem) = post(&embedded, "/v1/failures", "{}").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
}

#[tokio::test]
async fn a_consumer_may_hand_back_what_only_the_policy_makes() {
    let app = app().await;
    let embedded = Embedded::start(
        "failures-emitted",
        &format!("{}retries: {{ scale: 0.001 }}", channels(&app)),
    )
    .await;
    let completed =
        of_type("done-1", "task.completed").replace(r#""payload":{}"#, r#""payload":{"recurring_pattern":"DAILY"}"#);
    embedded.send("task-events", completed.as_bytes());
    let received = app.wait_for("/tasks", 2).await.expect("both outputs");
    let request = envelope(&received[1]);
    assert_eq!(request["type"], "task.occurrence-requested");
    let failure = json!({ "event": request["data"], "error": "later" }).to_string();
    let (status, answer) = post(&embedded, "/v1/failures", failure).await;
    assert_eq!(
        (status, &answer["action"]),
        (StatusCode::ACCEPTED, &json!("retry")),
        "{answer}"
    );
    let received = app.wait_for("/tasks", 3).await.expect("it is sent again, alone");
    assert_eq!(envelope(&received[2])["id"], request["id"]);
    assert_eq!(envelope(&received[2])["data"], request["data"]);
}

#[tokio::test]
async fn a_dead_letter_comes_back_in_once() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(400), Reply::status(200)]);
    let embedded = Embedded::start("redrive", &channels(&app)).await;
    embedded.send("task-events", event("e-1").as_bytes());
    dead_letters(&embedded, 1).await;
    let letter = embedded.read("dlq")[0]["event"].to_string();
    let (status, answer) = post(&embedded, "/v1/redrive", letter.clone()).await;
    assert_eq!(
        (status, &answer["verdict"]),
        (StatusCode::OK, &json!("forward")),
        "{answer}"
    );
    let sent = envelope(&app.received("/tasks")[1]);
    assert_eq!(sent["tidegateredriven"], embedded.read("dlq")[0]["id"], "it is marked");
    assert_eq!(sent["tidegatesource"], "task-events@0");
    assert_eq!(sent["data"]["event_id"], "e-1");
    let (status, answer) = post(&embedded, "/v1/redrive", letter).await;
    assert_eq!(
        (status, &answer["verdict"]),
        (StatusCode::OK, &json!("duplicate")),
        "{answer}"
    );
    assert_eq!(app.count("/tasks"), 2);

    let (status, problem) = post(&embedded, "/v1/redrive", event("e-2")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert!(
        problem["detail"].as_str().expect("a text").contains("dlq.failed"),
        "{problem}"
    );
}

#[tokio::test]
async fn an_event_of_a_service_is_kept_when_its_sink_fails() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(500), Reply::status(200)]);
    let embedded = Embedded::start("service-held", &format!("{}retries: {{ scale: 0.01 }}", channels(&app))).await;
    let draft = r#"{"event_type":"task.created","task_id":1,"user_id":"user-1","payload":{}}"#;
    let (status, answer) = post(&embedded, "/v1/events", draft).await;
    assert_eq!(
        (status, &answer["verdict"]),
        (StatusCode::ACCEPTED, &json!("held")),
        "{answer}"
    );
    let received = app.wait_for("/tasks", 2).await.expect("the retry");
    assert_eq!(envelope(&received[0])["id"], envelope(&received[1])["id"]);
}

#[tokio::test]
async fn every_event_ends_in_outputs_or_a_dead_letter_through_kills_and_a_sink_that_fails() {
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
    let embedded = Embedded::start("kills", &format!("{}retries: {{ scale: 0.02 }}", channels(&app))).await;
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
    embedded.send("task-events", lines.as_bytes());
    let mut kills = 0;
    let judged = || {
        embedded
            .read("task-events")
            .iter()
            .filter(|record| !record["outcome"].is_null())
            .count()
    };
    while kills < 8 && judged() < EVENTS {
        tokio::time::sleep(Duration::from_millis(150)).await;
        embedded.gate.process().kill9();
        embedded.gate.process().restart().await.expect("it starts again");
        kills += 1;
    }
    let (mut sent, mut dead) = (Vec::new(), Vec::new());
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(60) {
        sent = app
            .received("/tasks")
            .iter()
            .map(|call| envelope(call)["id"].as_str().unwrap_or_default().to_owned())
            .collect();
        dead = embedded
            .read("dlq")
            .iter()
            .map(|record| {
                record["event"]["payload"]["event_id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect();
        let held = embedded
            .read("task-events")
            .iter()
            .any(|record| record["outcome"].is_null() || record["outcome"]["verdict"] == "held");
        if !held {
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
    assert_eq!(outputs, expected.0, "every valid event is sent");
    assert_eq!(
        letters, expected.1,
        "every other is a dead letter, and no valid one is both"
    );
}
