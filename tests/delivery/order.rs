//! Events of one user in order.

use rusqlite::{Connection, OptionalExtension, Row};
use tidegate_harness::{App, Reply, wait};
use tidegate_tests::{Embedded, event};

use super::given::{app, channels, ends, envelope, of_type};

#[tokio::test]
async fn with_order_per_key_later_events_of_a_user_wait_and_others_do_not() {
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
    let embedded = Embedded::start("in-line", &config).await;
    let other = event("other").replace("user-1", "user-2");
    let lines = format!("{}\n{}\n{}\n{other}\n", event("first"), event("second"), event("third"));
    embedded.send("task-events", lines.as_bytes());
    let received = app.wait_for("/tasks", 6).await.expect("all of them");
    let ids: Vec<_> = received
        .iter()
        .map(|call| envelope(call)["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    let turn = |id: &str| ids.iter().position(|other| other == id);
    assert!(turn("other") < turn("second"), "another user does not wait: {ids:?}");
    let of_user: Vec<_> = ids.iter().filter(|id| *id != "other").collect();
    assert_eq!(of_user, ["first", "first", "first", "second", "third"]);
}

/// A gate with `ordering: per-key` whose sink refuses the first event twice; it is tried again after some seconds.
async fn first_is_held(name: &str) -> (App, Embedded) {
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
    let embedded = Embedded::start(name, &config).await;
    embedded.send("task-events", first().as_bytes());
    assert_eq!(ends(&embedded, 1).await, ["held"]);
    (app, embedded)
}

fn has_come(app: &App, id: &str) -> bool {
    app.received("/tasks").iter().any(|call| envelope(call)["id"] == id)
}

fn first() -> String {
    of_type("first", "task.completed")
}

#[tokio::test]
async fn a_repeat_does_not_take_an_event_out_of_its_line() {
    let (app, embedded) = first_is_held("line-repeat").await;
    embedded.send("task-events", format!("{}\n{}\n", first(), event("second")).as_bytes());
    assert_eq!(ends(&embedded, 3).await, ["held", "duplicate", "held"]);
    assert!(!has_come(&app, "second"), "it waits");
}

#[tokio::test]
async fn another_event_with_its_id_does_not_take_an_event_out_of_its_line() {
    let (app, embedded) = first_is_held("line-used-id").await;
    let other = first().replace("\"task_id\":7", "\"task_id\":8");
    embedded.send("task-events", format!("{other}\n{}\n", event("second")).as_bytes());
    let ends = ends(&embedded, 3).await;
    assert_eq!(ends, ["held", "held", "held"], "all wait for the first");
    assert!(!has_come(&app, "second"));
}

#[tokio::test]
async fn a_kill_between_two_holds_does_not_take_an_event_out_of_its_line() {
    let (app, embedded) = first_is_held("line-killed").await;
    let data = || Connection::open(embedded.data()).expect("the data file");
    let hold = |turn: u32| {
        let find = "SELECT name, record FROM holds WHERE name LIKE '%-' || ?1";
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found: Option<(String, String)> = data().query_row(find, [turn], row).optional().expect("readable");
        found
    };
    let (name, record) = hold(1).expect("the first hold");
    wait::until("the second hold", wait::PATIENCE, async || {
        (hold(2).is_some() && hold(1).is_none()).then_some(())
    })
    .await
    .expect("it is put aside again");
    // What a kill leaves when the second hold is stored and the first not yet deleted.
    embedded.gate.process().kill9();
    let insert = "INSERT INTO holds (name, due, record) VALUES (?1, 0, ?2)";
    data().execute(insert, [name, record]).expect("writable");
    embedded.gate.process().restart().await.expect("it starts again");
    wait::until("the first hold to come to its end", wait::PATIENCE, async || {
        hold(1).is_none().then_some(())
    })
    .await
    .expect("it is a repeat");
    embedded.send("task-events", event("second").as_bytes());
    let second = &embedded.judged("task-events", 2).await[1];
    assert_eq!(second["delivery"]["disposition"], "held", "{second}");
    assert!(!has_come(&app, "second"), "it waits");
}

#[tokio::test]
async fn who_has_waited_long_enough_overtakes_and_is_counted() {
    let app = app().await;
    app.answer_with("/tasks", |request| {
        Reply::status(if envelope(request)["id"] == "first" { 500 } else { 200 })
    });
    let retries = "retries: { scale: 1, ordering: per-key, order_wait_seconds: 1 }";
    let embedded = Embedded::start("overtakes", &format!("{}{retries}", channels(&app))).await;
    embedded.send(
        "task-events",
        format!("{}\n{}\n", of_type("first", "task.completed"), event("second")).as_bytes(),
    );
    let received = app.wait_for("/tasks", 2).await.expect("the second one");
    assert_eq!(envelope(&received[1])["id"], "second");
    let page = reqwest::get(embedded.gate.url("/metrics"))
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    assert!(
        page.contains(r#"tidegate_overtakings_total{topic="task-events"} 1"#),
        "{page}"
    );
}
