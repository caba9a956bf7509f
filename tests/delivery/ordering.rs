//! Per-key ordering: events of one user in order.

use rusqlite::{Connection, OptionalExtension, Row};
use tidegate_harness::{App, Reply, wait};
use tidegate_tests::{SqliteGate, event};

use super::given::{app, channels, dispositions, envelope, of_type};

#[tokio::test]
async fn with_per_key_ordering_later_events_of_a_user_wait_and_others_do_not() {
    let app = app().await;
    app.answer_with("/tasks", {
        let mut failures = 2;
        move |request| {
            let fail = envelope(request)["id"] == "first" && failures > 0;
            failures -= i32::from(fail);
            Reply::status(if fail { 500 } else { 200 })
        }
    });
    let config = format!("{}retries: {{ ordering: per-key }}", channels(&app));
    let gate = SqliteGate::start("per-key", &config).await;
    let other = event("other").replace("user-1", "user-2");
    let lines = format!("{}\n{}\n{}\n{other}\n", event("first"), event("second"), event("third"));
    gate.send("task-events", lines.as_bytes());
    let received = app.wait_for("/tasks", 6).await.expect("all of them");
    let ids: Vec<_> = received
        .iter()
        .map(|call| envelope(call)["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    let position = |id: &str| ids.iter().position(|other| other == id);
    assert!(
        position("other") < position("second"),
        "another user does not wait: {ids:?}"
    );
    let of_user: Vec<_> = ids.iter().filter(|id| *id != "other").collect();
    assert_eq!(of_user, ["first", "first", "first", "second", "third"]);
}

/// A gate with `ordering: per-key` whose sink refuses the first event twice; it is retried after some seconds.
async fn first_is_scheduled(name: &str) -> (App, SqliteGate) {
    let app = app().await;
    app.answer_with("/tasks", {
        let mut failures = 2;
        move |request| {
            let fail = envelope(request)["id"] == "first" && failures > 0;
            failures -= i32::from(fail);
            Reply::status(if fail { 500 } else { 200 })
        }
    });
    let config = format!("{}retries: {{ scale: 0.2, ordering: per-key }}", channels(&app));
    let gate = SqliteGate::start(name, &config).await;
    gate.send("task-events", first().as_bytes());
    assert_eq!(dispositions(&gate, 1).await, ["scheduled"]);
    (app, gate)
}

fn was_published(app: &App, id: &str) -> bool {
    app.received("/tasks").iter().any(|call| envelope(call)["id"] == id)
}

fn first() -> String {
    of_type("first", "task.completed")
}

#[tokio::test]
async fn a_duplicate_does_not_take_an_event_out_of_its_queue() {
    let (app, gate) = first_is_scheduled("queue-duplicate").await;
    gate.send("task-events", format!("{}\n{}\n", first(), event("second")).as_bytes());
    assert_eq!(dispositions(&gate, 3).await, ["scheduled", "duplicate", "scheduled"]);
    assert!(!was_published(&app, "second"), "it waits");
}

#[tokio::test]
async fn another_event_with_its_id_does_not_take_an_event_out_of_its_queue() {
    let (app, gate) = first_is_scheduled("queue-used-id").await;
    let other = first().replace("\"task_id\":7", "\"task_id\":8");
    gate.send("task-events", format!("{other}\n{}\n", event("second")).as_bytes());
    let dispositions = dispositions(&gate, 3).await;
    assert_eq!(dispositions, ["scheduled"; 3], "all wait for the first");
    assert!(!was_published(&app, "second"));
}

#[tokio::test]
async fn a_kill_between_two_retries_does_not_take_an_event_out_of_its_queue() {
    let (app, gate) = first_is_scheduled("queue-killed").await;
    let data = || Connection::open(gate.data()).expect("the data file");
    let retry = |times_scheduled: u32| {
        let find = "SELECT name, record FROM scheduled_retries WHERE name LIKE '%-' || ?1";
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found: Option<(String, String)> = data()
            .query_row(find, [times_scheduled], row)
            .optional()
            .expect("readable");
        found
    };
    let (name, record) = retry(1).expect("the first retry");
    wait::until("the second retry", wait::PATIENCE, async || {
        (retry(2).is_some() && retry(1).is_none()).then_some(())
    })
    .await
    .expect("it is scheduled again");
    // What a kill leaves when the second retry is stored and the first not yet deleted.
    gate.process().kill9();
    let insert = "INSERT INTO scheduled_retries (name, due, record) VALUES (?1, 0, ?2)";
    data().execute(insert, [name, record]).expect("writable");
    gate.process().restart().await.expect("it starts again");
    wait::until("the first retry to be processed", wait::PATIENCE, async || {
        retry(1).is_none().then_some(())
    })
    .await
    .expect("it is a duplicate");
    gate.send("task-events", event("second").as_bytes());
    let second = &gate.processed("task-events", 2).await[1];
    assert_eq!(second["delivery"]["disposition"], "scheduled", "{second}");
    assert!(!was_published(&app, "second"), "it waits");
}

#[tokio::test]
async fn an_event_that_has_waited_long_enough_is_processed_and_counted_as_an_ordering_violation() {
    let app = app().await;
    app.answer_with("/tasks", |request| {
        Reply::status(if envelope(request)["id"] == "first" { 500 } else { 200 })
    });
    let retries = "retries: { scale: 1, ordering: per-key, order_wait_seconds: 1 }";
    let gate = SqliteGate::start("ordering-violation", &format!("{}{retries}", channels(&app))).await;
    gate.send(
        "task-events",
        format!("{}\n{}\n", of_type("first", "task.completed"), event("second")).as_bytes(),
    );
    let received = app.wait_for("/tasks", 2).await.expect("the second one");
    assert_eq!(envelope(&received[1])["id"], "second");
    let page = reqwest::get(gate.url("/metrics"))
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    assert!(
        page.contains(r#"tidegate_ordering_violations_total{topic="task-events"} 1"#),
        "{page}"
    );
}
