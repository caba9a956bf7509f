//! Events of one user in order.

use tidegate_harness::Reply;
use tidegate_tests::{Embedded, event};

use super::given::{app, channels, envelope, of_type};

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
    let config = format!("{}retries: {{ scale: 0.2, ordering: per-key }}", channels(&app));
    let embedded = Embedded::start("in-line", &config).await;
    let other = event("other").replace("user-1", "user-2");
    let lines = format!("{}\n{}\n{}\n{other}\n", event("first"), event("second"), event("third"));
    embedded.send("task-events", lines.as_bytes());
    let received = app.wait_for("/tasks", 6).await.expect("all of them");
    let ids: Vec<_> = received
        .iter()
        .map(|call| envelope(call)["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(ids[..2], ["first", "other"], "another user does not wait: {ids:?}");
    let of_user: Vec<_> = ids.iter().filter(|id| *id != "other").collect();
    assert_eq!(of_user, ["first", "first", "first", "second", "third"]);
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
