//! After the gate has gone back by itself: operations hear of it, and a restart does not take the bad policy again.

use serde_json::{Value, json};
use tidegate_harness::{App, Reply};
use tidegate_tests::guest;

use crate::{
    rig::{Rig, digest, policy},
    rollback::{QUICK, events, read, traps, until},
};

/// A gate that has gone back to `calm`, while its file holds `rejects`.
async fn denylist(name: &str, config: &str, env: &[(&str, &str)]) -> Rig {
    let rig = Rig::start_alive(name, Some(&policy()), config, env).await;
    rig.until_current(1).await;
    rig.put(&read("rejects"));
    rig.until_current(2).await;
    rig.gate.send("task-events", events(0..50).as_bytes());
    rig.until_current(1).await;
    rig
}

#[tokio::test]
async fn what_was_left_is_not_taken_again_after_a_restart() {
    let bad = guest("rejects");
    let env = [
        QUICK[0],
        QUICK[1],
        ("TIDEGATE_POLICY__CANDIDATE", bad.to_str().expect("text")),
    ];
    let rig = denylist("rollback-kill", "", &env).await;
    rig.gate.judged("task-events", 50).await;
    rig.gate.gate.process().kill9();
    rig.restart().await;
    let why = rig.until_refused().await;
    assert!(why.starts_with("the gate went back from this very file at "), "{why}");
    assert!(why.contains("100.0 % of 40 events"), "{why}");
    assert!(rig.revisions().await["current"].is_null(), "no policy judges");

    // Another file is looked at, and the bad one is known when it comes back.
    rig.put(&policy());
    rig.until_current(1).await;
    rig.put(&read("rejects"));
    let why = rig.until_refused().await;
    assert!(why.starts_with("the gate went back from this very file at "), "{why}");

    // Who wants it all the same says so, and that lasts.
    let (status, answer) = rig.ask("/admin/promote", "").await;
    assert_eq!((status.as_u16(), &answer["to"]), (200, &json!(2)), "{answer}");
    rig.gate.gate.process().kill9();
    rig.restart().await;
    let found = rig.until_current(1).await;
    assert_eq!(found["revisions"][0]["digest"], digest(&read("rejects")));
}

/// Where operations hear of it, and the answers that they give before they take it.
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

/// The ids of the rollbacks that operations were told of.
fn told_of(app: &App) -> Vec<Value> {
    let told = app.received("/ops").into_iter();
    let envelopes = told.map(|received| received.json().expect("an envelope"));
    let rollbacks = envelopes.filter(|envelope| envelope["type"] == "tidegate.policy-rollback");
    rollbacks.map(|envelope| envelope["id"].clone()).collect()
}

/// Waits until operations have been told so often.
async fn until_told(rig: &Rig, app: &App, times: usize) -> Vec<Value> {
    until(rig, "operations to be told", async |_| told_of(app).len() >= times).await;
    told_of(app)
}

#[tokio::test]
async fn that_the_gate_went_back_is_told_after_a_kill_too() {
    // The policy faults, so that no dead letter comes between.
    let (app, config) = operations([503; 1000]).await;
    let rig = Rig::start_alive("rollback-told", Some(&policy()), &config, &QUICK).await;
    rig.until_current(1).await;
    rig.put(&read("traps-when-told"));
    rig.until_current(2).await;
    rig.gate.send("task-events", traps(0..50).as_bytes());
    rig.until_current(1).await;
    until_told(&rig, &app, 1).await;
    rig.gate.gate.process().kill9();
    let before = told_of(&app).len();
    app.answer("/ops", [Reply::status(200)]);
    rig.restart().await;
    let told = until_told(&rig, &app, before + 1).await;
    assert!(told.iter().all(|id| *id == told[0]), "always the same event: {told:?}");
}

#[tokio::test]
async fn who_does_not_want_to_hear_of_a_rollback_hears_of_the_next_one() {
    let (app, config) = operations([400]).await;
    let rig = Rig::start_alive("rollback-refused", Some(&policy()), &config, &QUICK).await;
    rig.until_current(1).await;
    for (number, name) in [(2, "one"), (3, "two")] {
        let mut bad = read("traps-when-told");
        // A section that nobody reads.
        bad.extend([&[0, 4, 3][..], name.as_bytes()].concat());
        rig.put(&bad);
        rig.until_current(number).await;
        let first = u32::try_from(number).expect("small") * 100;
        rig.gate.send("task-events", traps(first..first + 50).as_bytes());
        rig.until_current(1).await;
    }
    let told = until_told(&rig, &app, 2).await;
    assert_ne!(told[0], told[1], "one try each: {told:?}");
    let log = rig.gate.log();
    assert!(log.contains("operations are not told that the gate went back"), "{log}");
}
