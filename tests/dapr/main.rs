//! The gate behind a real daprd on a real Kafka.
#![allow(clippy::print_stdout, reason = "counts that people want to see")]

mod binary;
mod fastapi;
mod orders;
mod stack;

use std::{process::ExitCode, time::Duration};

use anyhow::{Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tidegate_harness::{Cluster, Record, Stored, Suite, Test, component};
use tidegate_tests::event;

use self::stack::{Setup, Stack, topic_of};

fn main() -> ExitCode {
    Suite::new("dapr", Cluster::start)
        .test(
            "a valid event arrives migrated, with its key and id, and an invalid one does not",
            valid_and_invalid,
        )
        .test("every kind of envelope is opened, with raw payload", async |test| {
            envelopes(test, true).await
        })
        .test("every kind of envelope is opened, without raw payload", async |test| {
            envelopes(test, false).await
        })
        .test("a poison message is one dead letter, and its partition goes on", poison)
        .test(
            "a repeat is recognised with state in Redis, and a used id is a conflict",
            repeats,
        )
        .test("a kill of the gate between receipt and publish loses nothing", killed)
        .test("a sidecar that asks for its token is shown it", token)
        .test(
            "orders in CloudEvents keep their attributes to their topics and in dead letters",
            orders::attributes,
        )
        .test(
            "a FastAPI consumer behind a gate tells the users what it tells them alone",
            fastapi::before_and_after,
        )
        .test(
            "orders in binary mode keep their attributes, and what is wrong is said of the envelope",
            binary::attributes,
        )
        .test(
            "no header that a producer can write blocks its partition",
            binary::hostile,
        )
        .test("a record without a value is dead-lettered", binary::tombstone_kept)
        .test(
            "a record without a value is dropped where the subscription says so",
            binary::tombstone_dropped,
        )
        .test(
            "an event over the limit waits until the limit is raised",
            over_the_limit,
        )
        .run()
}

/// The event inside the envelope of a record.
fn data(record: &Stored) -> Result<Value> {
    Ok(record.json()?["data"].clone())
}

/// Events with these ids arrive, in any order: one that could not be published at once may come after another.
async fn ids_arrive(stack: &Stack<'_>, expected: &[&str]) -> Result<()> {
    let out = stack.arrived("out", expected.len()).await?;
    let mut ids: Vec<_> = out
        .iter()
        .map(|record| Ok(data(record)?["event_id"].clone()))
        .collect::<Result<_>>()?;
    ids.sort_by_key(Value::to_string);
    ensure!(ids == expected, "{ids:?}");
    Ok(())
}

async fn valid_and_invalid(test: Test<Cluster>) -> Result<()> {
    let stack = Stack::start(&test, "").await?;
    stack.publish(&event("e-1"), "user-1").await?;
    stack
        .publish(
            r#"{"event_id":"bad","event_type":"task.created","task_id":"123","payload":{}}"#,
            "user-1",
        )
        .await?;
    stack.publish(&event("e-1"), "user-1").await?;
    // Not through a sidecar, which sorts the members.
    test.shared
        .kafka
        .produce(&topic_of(&test, "in"), Record::new(event("e-2")).key("user-1"))
        .await?;

    let mut out = stack.arrived("out", 2).await?;
    out.sort_by_key(|record| {
        record
            .json()
            .map(|envelope| envelope["id"].to_string())
            .unwrap_or_default()
    });
    let envelopes: Vec<Value> = out.iter().map(Stored::json).collect::<Result<_>>()?;
    let ids: Vec<_> = envelopes.iter().map(|envelope| &envelope["id"]).collect();
    ensure!(ids == ["e-1", "e-2"], "the valid events, once: {ids:?}");
    ensure!(
        out.iter().all(|record| record.key_text() == Some("user-1")),
        "with the key of the user: {out:?}"
    );
    let envelope = &envelopes[0];
    ensure!(
        envelope["type"] == "task.created" && envelope["source"] == "tidegate",
        "{envelope}"
    );
    ensure!(
        envelope["subject"] == "user-1" && envelope["datacontenttype"] == "application/json",
        "{envelope}"
    );
    ensure!(envelope["data"]["event_version"] == "1.1", "migrated: {envelope}");
    ensure!(envelope["data"]["payload"]["new_field"] == Value::Null, "{envelope}");
    let task_id = envelope["data"]["task_id"].to_string();
    ensure!(task_id == "9007199254740993", "digit for digit: {envelope}");

    let envelope = String::from_utf8(out[1].value.clone().unwrap_or_default())?;
    let migrated = event("e-2")
        .replace(r#"_version":"1.0"#, r#"_version":"1.1"#)
        .replace(r#"plants"}"#, r#"plants","new_field":null}"#);
    ensure!(envelope.contains(&migrated), "members keep their order: {envelope}");

    let dead = stack.arrived("dlq", 1).await?;
    let dead = data(&dead[0])?;
    ensure!(
        dead["event_type"] == "dlq.failed" && dead["payload"]["event_id"] == "bad",
        "{dead}"
    );
    let violations = dead["payload"]["dlq_metadata"]["violations"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let found: Vec<_> = violations
        .iter()
        .map(|v| (v["code"].clone(), v["path"].clone()))
        .collect();
    ensure!(found.contains(&(json!("type"), json!("/task_id"))), "{found:?}");
    ensure!(found.contains(&(json!("required"), json!("/user_id"))), "{found:?}");

    let status = stack.gate.process().terminate(Duration::from_secs(20)).await?;
    ensure!(status.code() == Some(0), "a graceful stop: {status}");
    Ok(())
}

async fn envelopes(test: Test<Cluster>, raw: bool) -> Result<()> {
    let stack = Stack::start(&test, &format!("dapr: {{ raw_payload: {raw} }}")).await?;
    let kafka = &test.shared.kafka;
    let topic = topic_of(&test, "in");

    stack.publish(&event("structured"), "user-1").await?;
    let binary = [
        ("ce_specversion", "1.0"),
        ("ce_id", "1"),
        ("ce_source", "api"),
        ("ce_type", "t"),
    ]
    .into_iter()
    .fold(Record::new(event("binary")).key("user-1"), |record, (name, value)| {
        record.header(name, value)
    });
    kafka
        .produce(&topic, binary.header("content-type", "application/json"))
        .await?;
    kafka.produce(&topic, Record::new(event("bare")).key("user-1")).await?;

    ids_arrive(&stack, &["bare", "binary", "structured"]).await
}

async fn poison(test: Test<Cluster>) -> Result<()> {
    let stack = Stack::start(&test, "").await?;
    let bytes = b"\xff\xfe not an event \x00";
    let topic = topic_of(&test, "in");
    let mut poison = Record::new(&bytes[..]).key("user-1");
    poison.partition = Some(0);
    let mut valid = Record::new(event("after")).key("user-1");
    valid.partition = Some(0);
    test.shared.kafka.produce_all(&topic, vec![poison, valid]).await?;

    let out = stack.arrived("out", 1).await?;
    ensure!(data(&out[0])?["event_id"] == "after");
    let dead = stack.arrived("dlq", 1).await?;
    ensure!(dead.len() == 1, "one dead letter: {dead:?}");
    let letter = data(&dead[0])?;
    let original = letter["payload"]["original_base64"].as_str().unwrap_or_default();
    ensure!(BASE64_STANDARD.decode(original)? == bytes, "complete: {letter}");
    let source = &letter["payload"]["dlq_metadata"]["source"];
    ensure!(
        *source == format!("{topic}/0@0"),
        "it says where it came from: {source}"
    );
    Ok(())
}

async fn repeats(test: Test<Cluster>) -> Result<()> {
    let state = component::redis_state("statestore", test.shared.redis()?);
    let setup = Setup {
        state,
        ..Setup::default()
    };
    let stack = Stack::of(&test, setup).await?;
    for _ in 0..3 {
        stack.publish(&event("e-1"), "user-1").await?;
    }
    stack.publish(&event("e-1").replace("Water", "Burn"), "user-1").await?;
    stack.publish(&event("last"), "user-1").await?;

    ids_arrive(&stack, &["e-1", "last"]).await?;
    let dead = data(&stack.arrived("dlq", 1).await?[0])?;
    ensure!(
        dead["payload"]["dlq_metadata"]["violations"][0]["code"] == "id-conflict",
        "{dead}"
    );
    Ok(())
}

async fn token(test: Test<Cluster>) -> Result<()> {
    let setup = Setup {
        token: "the-gates-token",
        ..Setup::default()
    };
    let stack = Stack::of(&test, setup).await?;
    let path = "/v1.0/state/statestore/any";
    let unknown = reqwest::get(stack.daprd.url(path)).await?.status();
    ensure!(unknown == 401, "the sidecar asks for a token: {unknown}");

    // Each kind of call: state, publish, and a repeat that is recognised.
    for _ in 0..2 {
        stack.publish(&event("e-1"), "user-1").await?;
    }
    stack.publish("not an event", "user-1").await?;
    stack.publish(&event("last"), "user-1").await?;
    ids_arrive(&stack, &["e-1", "last"]).await?;
    stack.arrived("dlq", 1).await?;
    let log = std::fs::read_to_string(stack.gate.process().log())?;
    ensure!(!log.contains("the-gates-token"), "it is a secret");
    Ok(())
}

async fn killed(test: Test<Cluster>) -> Result<()> {
    const EVENTS: usize = 300;
    let stack = Stack::start(&test, "").await?;
    let records =
        (0..EVENTS).map(|number| Record::new(event(&format!("e-{number}"))).key(format!("user-{}", number % 7)));
    test.shared
        .kafka
        .produce_all(&topic_of(&test, "in"), records.collect())
        .await?;
    let mut kills = 0;
    while kills < 5 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        stack.gate.process().kill9();
        stack.gate.process().restart().await?;
        kills += 1;
    }
    let out = stack.arrived("out", EVENTS).await?;
    let mut ids = std::collections::BTreeSet::new();
    let started = std::time::Instant::now();
    let mut out = out;
    loop {
        for record in &out {
            ids.insert(record.json()?["id"].to_string());
        }
        if ids.len() == EVENTS || started.elapsed() > Duration::from_mins(1) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        out = test.shared.kafka.read(&topic_of(&test, "out")).await?;
    }
    println!(
        "{kills} kills, {EVENTS} events in, {} out, {} repeats, {} lost",
        out.len(),
        out.len() - ids.len(),
        EVENTS - ids.len()
    );
    ensure!(ids.len() == EVENTS, "every event is there, not only {}", ids.len());
    Ok(())
}

async fn over_the_limit(test: Test<Cluster>) -> Result<()> {
    let stack = Stack::start(&test, "limits: { body_bytes: 2048 }").await?;
    let large = event("large").replace("plants", &"p".repeat(5000));
    let records = [Record::new(large), Record::new(event("after"))].map(|mut record| {
        record.partition = Some(0);
        record
    });
    test.shared
        .kafka
        .produce_all(&topic_of(&test, "in"), records.into())
        .await?;
    let process = stack.gate.process();
    process
        .wait_for_log("an event exceeds `limits.body_bytes`", Duration::from_secs(30))
        .await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for topic in ["out", "dlq"] {
        let records = test.shared.kafka.read(&topic_of(&test, topic)).await?;
        ensure!(records.is_empty(), "nothing moves: {topic} has {records:?}");
    }

    let file = process.dir().join("tidegate.yaml");
    let config = std::fs::read_to_string(&file)?.replace("body_bytes: 2048", "body_bytes: 8192");
    std::fs::write(file, config)?;
    process.restart().await?;
    ids_arrive(&stack, &["after", "large"]).await
}
