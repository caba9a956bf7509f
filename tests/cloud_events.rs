//! Events that differ in an attribute alone, and requests that are sent again, in a gate on SQLite.

use std::collections::BTreeSet;

use reqwest::Client;
use serde_json::{Value, json};
use tidegate_harness::repository;
use tidegate_tests::{SqliteGate, tidegate};

/// Posts a body; returns the answer.
async fn post(url: String, body: String) -> Value {
    let answer = Client::new().post(url).body(body).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

/// Two CloudEvents that say the same are two: their claims, their dead letters and their retries.
#[tokio::test]
async fn cloud_events_that_differ_in_a_name_alone_are_two() {
    let policy = repository().join("examples/orders").display().to_string();
    let config = "subscriptions: [{ name: shop-events }]
channels: { orders: { topic: orders }, payments: { topic: payments }, dlq: { topic: dlq }, ops-alerts: { topic: ops } }
";
    let gate = SqliteGate::start_with("cloud-events", config, &[("TIDEGATE_POLICY__PATH", &policy)]).await;
    let event = |id: &str, subject: &str, data: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/shop","type":"order.cancelled","subject":"{subject}","time":"2026-03-02T08:05:00Z","data":{data}}}"#
        )
    };
    let good = r#"{"orderId":1,"reason":"customer"}"#;
    let lines = [
        event("1", "c-1", good),
        event("2", "c-1", good),
        // Its sidecar gave it another time.
        event("1", "c-1", good).replace(":05:00Z", ":06:00Z"),
        // Another event under a used id.
        event("1", "c-2", good),
        event("3", "c-1", "{}"),
        event("4", "c-1", "{}"),
    ];
    gate.send("shop-events", lines.join("\n").as_bytes());
    let processed = gate.processed("shop-events", lines.len()).await;
    let dispositions: Vec<_> = processed
        .iter()
        .map(|record| record["delivery"]["disposition"].as_str())
        .collect();
    let (published, dead) = (Some("published"), Some("dead_lettered"));
    assert_eq!(
        dispositions,
        [published, published, Some("duplicate"), dead, dead, dead]
    );
    let dead = gate.read("dlq");
    let ids: Vec<_> = dead.iter().map(|letter| &letter["event"]["id"]).collect();
    assert_eq!(ids, ["1", "3", "4"]);
    let letters: BTreeSet<_> = dead.iter().map(|letter| letter["id"].to_string()).collect();
    assert_eq!(letters.len(), 3, "each its own");
    assert_eq!(dead[1]["event"]["attributes"]["source"], "/shop");

    // What the gate itself published is read back as the event that it is.
    let sent = gate.read("orders")[0]["event"].clone();
    let failed = json!({ "event": sent, "error": "no", "retry_count": 0 });
    let answer: Value = post(gate.url("/v1/failures"), failed.to_string()).await;
    assert_eq!(
        (&answer["action"], &answer["event_id"]),
        (&json!("retry"), &json!("1")),
        "{answer}"
    );
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_the_same_event_where_the_service_says_so() {
    let gate = SqliteGate::start("v1-events-again", "").await;
    let send = async |body: &str, key: Option<&str>| -> Value {
        let mut request = Client::new().post(gate.url("/v1/events")).body(body.to_owned());
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        request.send().await.expect("an answer").json().await.expect("JSON")
    };
    let bare = r#"{"event_type":"task.created","task_id":1,"user_id":"user-1","payload":{}}"#;
    let named = r#"{"event_id":"mine","event_type":"task.created","task_id":1,"user_id":"user-1","payload":{}}"#;
    let wrapped = r#"{"specversion":"1.0","id":"c-1","source":"shop","type":"x","data":{"event_type":"task.created","task_id":1,"user_id":"user-1","payload":{}}}"#;
    for (body, key, again) in [
        (bare, None, "published"),
        (bare, Some("k-1"), "duplicate"),
        (named, None, "duplicate"),
        (wrapped, Some("k-2"), "duplicate"),
    ] {
        let first = send(body, key).await;
        assert_eq!(first["disposition"], "published", "{first}");
        let second = send(body, key).await;
        assert_eq!(second["disposition"], again, "{second}");
        assert_eq!(first["event_id"] == second["event_id"], again == "duplicate");
    }
    let other = bare.replace("\"task_id\":1", "\"task_id\":2");
    let refused = send(&other, Some("k-1")).await;
    assert_eq!(
        (&refused["status"], &refused["title"]),
        (&json!(422), &json!("the key was used")),
        "{refused}"
    );
    // A request that was refused can be corrected.
    let invalid = send(&bare.replace("user-1", ""), Some("k-3")).await;
    assert_eq!(invalid["status"], 422, "{invalid}");
    assert_eq!(send(bare, Some("k-3")).await["disposition"], "published");
}

/// Over HTTP too, attributes may be headers, and an event may leave its id to the gate.
#[tokio::test]
async fn a_service_sends_cloud_events_in_each_form() {
    let policy = repository().join("examples/orders").display().to_string();
    let config = "subscriptions: [{ name: shop-events }]
channels: { orders: { topic: orders }, payments: { topic: payments }, dlq: { topic: dlq }, ops-alerts: { topic: ops } }
";
    let gate = SqliteGate::start_with("cloud-events-http", config, &[("TIDEGATE_POLICY__PATH", &policy)]).await;
    let data = r#"{"orderId":1,"reason":"customer"}"#;
    let send = async |headers: &[(&str, &str)]| -> Value {
        let request = Client::new()
            .post(gate.url("/v1/events"))
            .header("content-type", "application/json");
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        request
            .body(data)
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON")
    };
    let attributes = [
        ("ce-specversion", "1.0"),
        ("ce-id", "7"),
        ("ce-source", "/shop%20a+b"),
        ("ce-type", "order.cancelled"),
        ("ce-subject", "c-1"),
        ("ce-time", "2026-03-02T08:05:00Z"),
    ];
    let answer = send(&attributes).await;
    assert_eq!(
        (&answer["disposition"], &answer["event_id"]),
        (&json!("published"), &json!("7")),
        "{answer}"
    );
    let mut without_id = attributes.to_vec();
    without_id.remove(1);
    let answer = send(&without_id).await;
    assert_eq!(answer["disposition"], "published", "{answer}");
    let id = answer["event_id"].as_str().expect("an id").to_owned();
    assert_eq!(id.len(), 36, "made by the gate: {id}");
    without_id[0].1 = "0.3";
    let refused = send(&without_id).await;
    assert_eq!(refused["violations"][0]["code"], "envelope", "{refused}");

    let published = gate.read("orders");
    let envelopes: Vec<_> = published.iter().map(|record| &record["event"]).collect();
    assert_eq!(
        (&envelopes[0]["source"], &envelopes[0]["id"]),
        (&json!("/shop a+b"), &json!("7"))
    );
    assert_eq!(envelopes[1]["id"], json!(id));

    // A dead letter shows its event with its attributes.
    let bad = r#"{"specversion":"1.0","id":"bad","source":"/shop","type":"order.cancelled","n":7,"data":{}}"#;
    gate.send("shop-events", bad.as_bytes());
    gate.processed("shop-events", 1).await;
    let shown = tidegate(&["dlq", "show", "bad", "--original", "--data", gate.data()], b"");
    assert_eq!(shown.out, bad, "{}", shown.err);
}
