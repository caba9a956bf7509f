//! CloudEvents in binary mode: their attributes are headers of Kafka records, which a real daprd makes headers of a request. Anyone who may
//! write to a topic chooses them.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tidegate_harness::{Cluster, Record, Test, repository};
use tidegate_model::dead_letter::DeadLetter;

use super::stack::{Setup, Stack, topic_of};

const PLACED: &str = r#"{"orderId":104,"total":24.90,"lines":[{"sku":"tea-250","quantity":3}]}"#;

fn orders() -> Setup<'static> {
    Setup {
        policy: repository().join("examples/orders"),
        is_shipped: true,
        ..Setup::default()
    }
}

/// A record in binary mode, always in the same partition.
fn order(id: &str) -> Record {
    let attributes = [
        ("ce_specversion", "1.0"),
        ("ce_id", id),
        ("ce_source", "/shop"),
        ("ce_type", "order.placed"),
        ("ce_subject", "c-4"),
        ("ce_time", "2026-03-02T08:05:00Z"),
        ("content-type", "application/json"),
    ];
    let record = Record {
        partition: Some(0),
        ..Record::new(PLACED).key("c-4")
    };
    attributes
        .into_iter()
        .fold(record, |record, (name, value)| record.header(name, value))
}

fn without(mut record: Record, name: &str) -> Record {
    record.headers.remove(name);
    record
}

async fn metrics(stack: &Stack<'_>) -> Result<String> {
    Ok(reqwest::get(stack.gate.url("/metrics")).await?.text().await?)
}

async fn letters(stack: &Stack<'_>, count: usize) -> Result<Vec<DeadLetter>> {
    let dead = stack.arrived("dlq", count).await?;
    let letters = dead.into_iter().map(|record| {
        let value = record.value.context("a value")?;
        Ok(DeadLetter::read(&value.into())?)
    });
    letters.collect()
}

pub(crate) async fn attributes(test: Test<Cluster>) -> Result<()> {
    let stack = Stack::of(&test, orders()).await?;
    let tenant = "a+b c/\u{e9}%41";
    let records = vec![
        order("1").header("ce_tenant", tenant).header("ce_attempts", "3"),
        order("1").header("ce_tenant", tenant).header("ce_attempts", "3"),
        order("2").header("ce_source", "/other shop"),
        order("bad").header("ce_specversion", "0.3"),
        without(order(""), "ce_id"),
        order("last"),
    ];
    test.shared.kafka.produce_all(&topic_of(&test, "in"), records).await?;
    let out = stack.arrived("out", 3).await?;
    let mut found = Vec::new();
    for record in &out {
        let envelope = record.json()?;
        let total = &envelope["data"]["total"];
        ensure!(*total == "24.90", "migrated: {envelope}");
        let names = [
            "source",
            "id",
            "type",
            "subject",
            "time",
            "dataversion",
            "tenant",
            "attempts",
        ];
        found.push(
            names
                .map(|name| envelope[name].as_str().unwrap_or("-").to_owned())
                .join("|"),
        );
    }
    found.sort();
    let rest = "order.placed|c-4|2026-03-02T08:05:00Z|2";
    ensure!(
        found
            == [
                format!("/other shop|2|{rest}|-|-"),
                format!("/shop|1|{rest}|{tenant}|3"),
                format!("/shop|last|{rest}|-|-"),
            ],
        "each once, with its attributes: {found:#?}"
    );
    for letter in letters(&stack, 2).await? {
        let said = &letter.violations[0];
        let expected = match letter.names.id.as_deref() {
            Some("bad") => "specversion is \"0.3\"",
            _ => "the attribute id is missing",
        };
        ensure!(said.code == "envelope" && said.message.contains(expected), "{said:?}");
        ensure!(
            letter.original == PLACED && letter.attributes.text("source") == Some("/shop"),
            "{letter:?}"
        );
    }
    Ok(())
}

pub(crate) async fn hostile(test: Test<Cluster>) -> Result<()> {
    let stack = Stack::of(&test, orders()).await?;
    let large = vec![0xff; 900 << 10];
    let any: Vec<u8> = (0..=255).collect();
    let many = |prefix: &str, count: usize| {
        (0..count).fold(order("many"), |record, n| record.header(format!("{prefix}{n}"), ""))
    };
    let rejected = [
        many("ce_x", 1_000),
        many("ce_", 60_000),
        order("large").header("ce_a", large.clone()),
        order("any").header("ce_a", any.clone()),
        order("bytes").header("ce_a", b"\xff".to_vec()),
        order("version").header("ce_specversion", "999"),
        without(order(""), "ce_id"),
        order("").header("ce_id", ""),
        order("long-name").header(format!("ce_{}", "a".repeat(65)), "x"),
        order("huge-name").header(format!("ce_{}", "a".repeat(900 << 10)), "x"),
        order("large-id").header("ce_id", large.clone()),
    ];
    let named = [
        String::new(),
        "ce_".to_owned(),
        "ce_a b".to_owned(),
        "ce_a\r\nx: y".to_owned(),
        "ce_\u{e9}".to_owned(),
        "ce__key".to_owned(),
        "CE_ID".to_owned(),
        "two\r\nlines".to_owned(),
        "content-length".to_owned(),
        "transfer-encoding".to_owned(),
        "connection".to_owned(),
        "expect".to_owned(),
        "dapr-api-token".to_owned(),
        "traceparent".to_owned(),
        "tidegate-left-out".to_owned(),
        "__key".to_owned(),
        "x".repeat(900 << 10),
    ];
    let named = named.into_iter().map(|name| (name, b"1".to_vec()));
    let values = [
        b"two\r\nlines\0".to_vec(),
        b"%zz%".to_vec(),
        b"".to_vec(),
        vec![b'x'; 10 << 10],
    ];
    let values = values.map(|value| ("ce_tenant".to_owned(), value));
    let others = [("x-large".to_owned(), large.clone()), ("x-any".to_owned(), any)];
    let mut published: Vec<_> = named
        .chain(values)
        .chain(others)
        .enumerate()
        .map(|(n, (name, value))| order(&format!("named-{n}")).header(name, value))
        .collect();
    published.push(many("x-", 1_000));
    published.push(order("large-key").key(large));
    // Each is followed by a good one in the same partition.
    let (bad, good) = (rejected.len(), published.len());
    let mut records: Vec<_> = rejected.into_iter().chain(published).collect();
    records.push(order("last"));
    let topic = topic_of(&test, "in");
    for record in records {
        test.shared.kafka.produce(&topic, record).await?;
    }
    let letters = letters(&stack, bad).await?;
    let out = stack.arrived("out", good + 1).await?;
    let ids: Vec<_> = out
        .iter()
        .map(|record| Ok(record.json()?["id"].clone()))
        .collect::<Result<_>>()?;
    ensure!(ids.last() == Some(&Value::from("last")), "all came, in order: {ids:?}");
    ensure!((letters.len(), ids.len()) == (bad, good + 1), "each once: {ids:?}");
    for letter in &letters {
        ensure!(
            letter.violations[0].code == "envelope" && letter.original == PLACED,
            "{letter:?}"
        );
    }
    let tenants: Vec<_> = out
        .iter()
        .filter_map(|record| record.json().ok()?["tenant"].as_str().map(str::len))
        .collect();
    ensure!(
        tenants == [11, 4, 0, 10 << 10],
        "values as they are written: {tenants:?}"
    );
    let metrics = metrics(&stack).await?;
    ensure!(!metrics.contains("head-too-large"), "no request was refused: {metrics}");
    Ok(())
}

fn tombstones() -> Vec<Record> {
    let tombstone = Record {
        key: Some(b"c 4".to_vec()),
        partition: Some(0),
        ..Record::default()
    };
    vec![tombstone, order("last")]
}

pub(crate) async fn tombstone_kept(test: Test<Cluster>) -> Result<()> {
    let stack = Stack::of(&test, orders()).await?;
    test.shared
        .kafka
        .produce_all(&topic_of(&test, "in"), tombstones())
        .await?;
    let letter = letters(&stack, 1).await?.remove(0);
    ensure!(letter.violations[0].code == "tombstone", "{letter:?}");
    ensure!(letter.names.key.as_deref() == Some("c 4"), "{letter:?}");
    stack.arrived("out", 1).await?;
    Ok(())
}

pub(crate) async fn tombstone_dropped(test: Test<Cluster>) -> Result<()> {
    let setup = Setup {
        subscription: "tombstones: drop",
        ..orders()
    };
    let stack = Stack::of(&test, setup).await?;
    test.shared
        .kafka
        .produce_all(&topic_of(&test, "in"), tombstones())
        .await?;
    stack.arrived("out", 1).await?;
    ensure!(stack.arrived("dlq", 0).await?.is_empty(), "no dead letter");
    let metrics = metrics(&stack).await?;
    let dropped = metrics.lines().find(|line| line.contains("disposition=\"dropped\""));
    ensure!(
        dropped.is_some_and(|line| line.ends_with(" 1")),
        "it is counted: {metrics}"
    );
    Ok(())
}
