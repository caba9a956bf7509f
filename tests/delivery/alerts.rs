//! Alerts about many dead letters, in a gate on SQLite.

use std::time::Duration;

use serde_json::Value;
use tidegate_harness::wait;
use tidegate_tests::SqliteGate;

const REJECTED: usize = 106;

fn lines(count: usize) -> String {
    let line = |n| {
        format!(
            r#"{{"event_id":"e-{n}","event_type":"task.created","task_id":"no number","user_id":"u","payload":{{}}}}"#
        )
    };
    (0..count).map(line).collect::<Vec<_>>().join("\n")
}

fn counts(gate: &SqliteGate) -> Vec<Value> {
    let alerts = gate.read("ops-alerts").into_iter();
    alerts.map(|alert| alert["event"]["count"].clone()).collect()
}

#[tokio::test]
async fn many_rejections_for_one_reason_are_two_alerts() {
    let gate = SqliteGate::start("alerts", "alerts: { window_seconds: 3 }").await;
    gate.send("task-events", lines(REJECTED).as_bytes());
    gate.processed("task-events", REJECTED).await;
    assert_eq!(gate.read("dlq").len(), REJECTED, "no dead letter is left out");
    wait::until("the count", Duration::from_secs(20), async || {
        let counted: u64 = counts(&gate).iter().filter_map(Value::as_u64).sum();
        (counted == REJECTED as u64).then_some(())
    })
    .await
    .expect("all of them");
    let alerts = gate.read("ops-alerts");
    assert!(alerts.len() < 5, "{} alerts", alerts.len());
    let (first, counted) = (&alerts[0]["event"], &alerts[1]["event"]);
    assert_eq!(
        (&first["count"], &first["id"], &first["code"]),
        (&1.into(), &"e-0".into(), &counted["code"])
    );
    assert_eq!(counted["type"], "task.created");
    assert_eq!(counted["dead_letter_ids"].as_array().map(Vec::len), Some(10));
    assert_eq!(gate.counted(r#"tidegate_alerts_total{result="sent"}"#).await, 1);
}

#[tokio::test]
async fn a_gate_that_stops_sends_what_it_has_counted() {
    let gate = SqliteGate::start("alerts-stop", "").await;
    gate.send("task-events", lines(3).as_bytes());
    gate.processed("task-events", 3).await;
    assert_eq!(counts(&gate), [1]);
    let status = gate
        .process()
        .terminate(Duration::from_secs(20))
        .await
        .expect("it ends");
    assert_eq!((status.code(), counts(&gate)), (Some(0), vec![1.into(), 2.into()]));
}
