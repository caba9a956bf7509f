//! After a rollback by the gate itself: operations are notified, and a restart does not load the bad policy again.

use serde_json::{Value, json};
use tidegate_harness::{App, Reply};
use tidegate_tests::guest;

use crate::{
    rig::{Rig, digest, policy},
    rollback::{QUICK, events, read, traps, until},
};

/// A gate that has rolled back to `calm`, while its file holds `rejects`.
async fn rolled_back(name: &str, config: &str, env: &[(&str, &str)]) -> Rig {
    let rig = Rig::start_alive(name, Some(&policy()), config, env).await;
    rig.until_current(&policy()).await;
    rig.put(&read("rejects"));
    rig.until_current(&read("rejects")).await;
    rig.gate.send("task-events", events(0..50).as_bytes());
    rig.until_current(&policy()).await;
    rig
}

#[tokio::test]
async fn a_restart_does_not_load_a_policy_that_was_rolled_back() {
    let bad = guest("rejects");
    let env = [
        QUICK[0],
        QUICK[1],
        ("TIDEGATE_POLICY__SHADOW__PATH", bad.to_str().expect("text")),
    ];
    let rig = rolled_back("rollback-kill", "", &env).await;
    rig.gate.processed("task-events", 50).await;
    rig.gate.process().kill9();
    rig.restart().await;
    let why = rig.until_refused().await;
    assert!(why.starts_with("this very file was rolled back at "), "{why}");
    assert!(why.contains("100.0 % of 40 events"), "{why}");
    assert!(rig.revisions().await["current"].is_null(), "no policy is loaded");

    // Another file takes over, and the bad one is still refused when it comes back.
    rig.put(&policy());
    rig.until_current(&policy()).await;
    rig.put(&read("rejects"));
    let why = rig.until_refused().await;
    assert!(why.starts_with("this very file was rolled back at "), "{why}");

    // A person may want it all the same, and that lasts.
    let (status, answer) = rig.post("/admin/promote", "").await;
    assert_eq!(
        (status.as_u16(), &answer["to"]),
        (200, &json!(digest(&read("rejects")))),
        "{answer}"
    );
    rig.gate.process().kill9();
    rig.restart().await;
    rig.until_current(&read("rejects")).await;
}

/// The app that operations are notified at, its answers, and the configuration that leads there.
async fn operations(answers: impl IntoIterator<Item = u16>) -> (App, String) {
    let app = App::start([]).await.expect("an app");
    app.answer("/ops", answers.into_iter().map(Reply::status));
    let config = format!(
        "channels:
  task-events: {{ topic: task-events.gated }}
  reminders: {{ topic: reminders.gated }}
  dlq: {{ topic: dlq }}
  ops-alerts: {{ url: \"http://127.0.0.1:{}/ops\" }}
  user-alerts: {{ topic: user-alerts }}
",
        app.port()
    );
    (app, config)
}

/// The ids of the rollbacks that operations were notified of.
fn notified_of(app: &App) -> Vec<Value> {
    let received = app.received("/ops").into_iter();
    let envelopes = received.map(|received| received.json().expect("an envelope"));
    let rollbacks = envelopes.filter(|envelope| envelope["type"] == "tidegate.policy-rollback");
    rollbacks.map(|envelope| envelope["id"].clone()).collect()
}

/// Waits until operations were notified so often.
async fn until_notified(rig: &Rig, app: &App, times: usize) -> Vec<Value> {
    until(rig, "operations to be notified", async |_| {
        notified_of(app).len() >= times
    })
    .await;
    notified_of(app)
}

#[tokio::test]
async fn operations_are_notified_of_a_rollback_after_a_kill_too() {
    // The policy faults, so that no dead letter comes between.
    let (app, config) = operations([503; 1000]).await;
    let rig = Rig::start_alive("rollback-notified", Some(&policy()), &config, &QUICK).await;
    rig.until_current(&policy()).await;
    rig.put(&read("traps-when-told"));
    rig.until_current(&read("traps-when-told")).await;
    rig.gate.send("task-events", traps(0..50).as_bytes());
    rig.until_current(&policy()).await;
    until_notified(&rig, &app, 1).await;
    rig.gate.process().kill9();
    let before = notified_of(&app).len();
    app.answer("/ops", [Reply::status(200)]);
    rig.restart().await;
    let ids = until_notified(&rig, &app, before + 1).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "always the same event: {ids:?}");
}

#[tokio::test]
async fn a_notification_that_is_refused_for_good_does_not_stop_the_next_one() {
    let (app, config) = operations([400]).await;
    let rig = Rig::start_alive("rollback-refused", Some(&policy()), &config, &QUICK).await;
    rig.until_current(&policy()).await;
    for (first, name) in [(200, "one"), (300, "two")] {
        let mut bad = read("traps-when-told");
        // A custom section, for another digest.
        bad.extend([&[0, 4, 3][..], name.as_bytes()].concat());
        rig.put(&bad);
        rig.until_current(&bad).await;
        rig.gate.send("task-events", traps(first..first + 50).as_bytes());
        rig.until_current(&policy()).await;
    }
    let ids = until_notified(&rig, &app, 2).await;
    assert_ne!(ids[0], ids[1], "one attempt each: {ids:?}");
    let log = rig.gate.log();
    assert!(
        log.contains("the notification of a rollback was refused for good"),
        "{log}"
    );
}
