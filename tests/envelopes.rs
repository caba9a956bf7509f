//! Envelopes are opened alike at every entrance: `apply`, `explain`, a topic in SQLite and HTTP. `vectors/envelopes.jsonl` says what
//! arrives and what is in it. `UPDATE_VECTORS=1` writes what `apply` answers; read it before you commit it.

use std::{fs, path::PathBuf};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use reqwest::Client;
use serde_json::{Value, json};
use tidegate_harness::{repository, wait};
use tidegate_model::envelope::{Headers, unwrap};
use tidegate_tests::{SqliteGate, tidegate};

const NOW: &str = "2026-03-02T17:00:00Z";

fn file() -> PathBuf {
    repository().join("tests/vectors/envelopes.jsonl")
}

fn policy() -> String {
    repository().join("examples/orders").display().to_string()
}

fn cases() -> Vec<Value> {
    let text = fs::read_to_string(file()).expect("readable");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn arrives(case: &Value) -> &str {
    case["arrives"].as_str().expect("a text")
}

/// What all entrances must agree on, as `apply` says it.
fn expected(decided: &Value) -> Value {
    let violation = |found: &Value| json!([found["code"], found["path"]]);
    let output = |sent: &Value| {
        json!({
            "channel": sent["channel"], "id": sent["id"], "key": sent["key"], "event": sent["event"],
            "attributes": sent.get("attributes").cloned().unwrap_or_else(|| json!({})),
        })
    };
    let list = |name: &str, of: &dyn Fn(&Value) -> Value| {
        let items = decided[name].as_array().expect("a list");
        Value::from(items.iter().map(of).collect::<Vec<_>>())
    };
    json!({
        "decision": decided["decision"], "id": decided["event_id"], "type": decided["event_type"], "claim": decided["claim"],
        "violations": list("violations", &violation), "outputs": list("outputs", &output),
    })
}

#[test]
fn apply_opens_every_envelope() {
    let mut cases = cases();
    let lines: Vec<_> = cases.iter().map(arrives).collect();
    let applied = tidegate(
        &["apply", "--policy", &policy(), "--now", NOW],
        lines.join("\n").as_bytes(),
    );
    assert_eq!(applied.code, 0, "{}", applied.err);
    let answers: Vec<Value> = applied
        .out
        .lines()
        .map(|line| expected(&serde_json::from_str(line).expect("JSON")))
        .collect();
    assert_eq!(answers.len(), cases.len());
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        for (case, answer) in cases.iter_mut().zip(answers) {
            case["expect"] = answer;
        }
        let lines: Vec<_> = cases.iter().map(Value::to_string).collect();
        fs::write(file(), lines.join("\n") + "\n").expect("writable");
        return;
    }
    for (case, answer) in cases.iter().zip(answers) {
        assert_eq!(answer, case["expect"], "{}", case["name"]);
    }
}

#[test]
fn explain_says_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("event.json");
    for case in cases() {
        fs::write(&path, arrives(&case)).expect("written");
        let file = path.to_str().expect("text");
        let explained = tidegate(&["explain", file, "--policy", &policy(), "--now", NOW, "--json"], b"");
        let said: Value = serde_json::from_str(&explained.out).unwrap_or_else(|_| panic!("{}", explained.err));
        let (expect, event) = (&case["expect"], &said["event"]);
        for (got, wanted) in [
            (&said["decision"], &expect["decision"]),
            (&event["id"], &expect["id"]),
            (&event["type"], &expect["type"]),
            (&event["claim"], &expect["claim"]),
        ] {
            assert_eq!(got, wanted, "{}", case["name"]);
        }
        let found = said["violations"].as_array().expect("a list");
        let found: Vec<_> = found
            .iter()
            .map(|found| json!([found["code"], found["path"]]))
            .collect();
        assert_eq!(&Value::from(found), &expect["violations"], "{}", case["name"]);
    }
}

async fn gate(name: &str) -> SqliteGate {
    let config = "subscriptions: [{ name: shop-events }]
channels: { orders: { topic: orders }, payments: { topic: payments }, dlq: { topic: dlq }, ops-alerts: { topic: ops } }
";
    SqliteGate::start_with(name, config, &[("TIDEGATE_POLICY__PATH", &policy())]).await
}

/// What leaves a gate is what the vectors say: outputs with their attributes, and a dead letter for each rejected event.
async fn check_what_leaves(gate: &SqliteGate) {
    let cases = cases();
    let of = |decision: &str| {
        let cases = cases.iter().filter(|case| case["expect"]["decision"] == decision);
        cases.map(|case| &case["expect"]).collect::<Vec<_>>()
    };
    let (forwarded, rejected) = (of("forward"), of("reject"));
    let all = wait::until("everything that leaves", wait::PATIENCE, async || {
        let (orders, dead) = (gate.read("orders"), gate.read("dlq"));
        (orders.len() >= forwarded.len() && dead.len() >= rejected.len()).then_some((orders, dead))
    });
    let (orders, dead) = all
        .await
        .unwrap_or_else(|error| panic!("{error}: {:#?}", gate.read("shop-events")));
    assert_eq!(
        (orders.len(), dead.len()),
        (forwarded.len(), rejected.len()),
        "each once"
    );
    for (record, expect) in orders.iter().zip(&forwarded) {
        let output = &expect["outputs"][0];
        let opened = unwrap(Bytes::from(record["event"].to_string()), false, &Headers::NONE);
        let event: Value = serde_json::from_slice(&opened.event).expect("JSON");
        // The gate writes JSON, and says so.
        let attributes = opened.attributes.keep(|name| name != "datacontenttype");
        let mut wanted = output["attributes"].clone();
        wanted.as_object_mut().expect("an object").remove("datacontenttype");
        assert_eq!((&event, &record["key"]), (&output["event"], &output["key"]), "{expect}");
        assert_eq!(serde_json::to_value(&attributes).expect("JSON"), wanted, "{expect}");
    }
    for (letter, expect) in dead.iter().zip(&rejected) {
        let letter = &letter["event"];
        let found = letter["dlq_metadata"]["violations"].as_array().expect("a list");
        let found: Vec<_> = found
            .iter()
            .map(|found| json!([found["code"], found["path"]]))
            .collect();
        assert_eq!(Value::from(found), expect["violations"], "{letter}");
        // A dead letter names what no policy has read, too.
        if !expect["id"].is_null() {
            assert_eq!(
                (&letter["id"], &letter["type"]),
                (&expect["id"], &expect["type"]),
                "{letter}"
            );
        }
    }
}

#[tokio::test]
async fn a_topic_in_sqlite_does_the_same() {
    let gate = gate("envelopes-sqlite").await;
    for case in cases() {
        gate.send("shop-events", arrives(&case).as_bytes());
    }
    check_what_leaves(&gate).await;
}

#[tokio::test]
async fn http_does_the_same() {
    let gate = gate("envelopes-http").await;
    for case in cases() {
        // As a sidecar delivers the bytes of a record.
        let body = json!({
            "specversion": "1.0", "id": "1", "source": "kafka", "type": "com.dapr.event.sent",
            "data_base64": BASE64_STANDARD.encode(arrives(&case)),
        });
        let delivered = Client::new()
            .post(gate.url("/deliver/shop-events"))
            .body(body.to_string());
        let answer = delivered.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}: {}", case["name"], answer.status());
    }
    check_what_leaves(&gate).await;
}
