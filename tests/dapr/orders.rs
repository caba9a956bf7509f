//! A policy of plain files, `examples/orders`, behind a real daprd: CloudEvents that a producer writes to Kafka, and those that it
//! publishes through its sidecar.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tidegate_harness::{Cluster, Record, Test, component, repository};
use tidegate_model::dead_letter::DeadLetter;

use super::stack::{Setup, Stack, topic_of};

/// A structured CloudEvent of the shop or the till.
fn event(id: &str, source: &str, event_type: &str, data: &Value) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": source, "type": event_type, "subject": "c-4",
        "time": "2026-03-02T08:05:00Z", "tenant": "eu", "attempts": 3, "data": data,
    })
    .to_string()
}

pub(crate) async fn attributes(test: Test<Cluster>) -> Result<()> {
    let state = component::redis_state("statestore", test.shared.redis()?);
    let setup = Setup {
        policy: repository().join("examples/orders"),
        state,
        ..Setup::default()
    };
    let stack = Stack::of(&test, setup).await?;
    let placed = json!({ "orderId": 104, "total": 24.90, "lines": [{ "sku": "tea-250", "quantity": 3 }] });
    let paid = json!({ "orderId": 104, "amount": "24.90", "currency": "EUR" });
    let order = event("42", "/shop", "order.placed", &placed);
    let sent = [
        order.clone(),
        order,
        event("42", "/till", "payment.received", &paid),
        event("1", "/shop", "order.placed", &placed),
        event("1", "/other-shop", "order.placed", &placed),
        event("bad", "/shop", "order.placed", &json!({})),
    ];
    let topic = topic_of(&test, "in");
    for event in sent {
        test.shared.kafka.produce(&topic, Record::new(event).key("c-4")).await?;
    }
    // A bare event through a sidecar, whose own envelope says nothing of it.
    let bare = json!({
        "id": "o-7", "type": "order.placed", "customerId": "c-4", "occurredAt": "2026-03-02T08:05:00Z", "data": placed,
    });
    stack.publish(&bare.to_string(), "c-4").await?;

    let out = stack.arrived("out", 5).await?;
    let mut found = Vec::new();
    for record in &out {
        let envelope = record.json()?;
        let member = |name: &str| envelope[name].as_str().unwrap_or("-").to_owned();
        found.push(
            ["source", "id", "type", "subject", "dataversion", "tenant"]
                .map(member)
                .join(" "),
        );
        let is_bare = envelope["id"] == "o-7";
        ensure!(
            is_bare || envelope["attempts"] == 3,
            "a number stays a number: {envelope}"
        );
        let total = if is_bare {
            &envelope["data"]["data"]["total"]
        } else {
            &envelope["data"]["total"]
        };
        ensure!(
            envelope["type"] != "order.placed" || *total == "24.9",
            "migrated: {envelope}"
        );
    }
    found.sort();
    ensure!(
        found
            == [
                "/other-shop 1 order.placed c-4 2 eu",
                "/shop 1 order.placed c-4 2 eu",
                "/shop 42 order.placed c-4 2 eu",
                "/till 42 payment.received c-4 - eu",
                "tidegate o-7 order.placed c-4 - -",
            ],
        "order 42 and payment 42, and id 1 of two shops, are four; the repeat is none: {found:#?}"
    );

    let dead = stack.arrived("dlq", 1).await?;
    let letter = DeadLetter::read(&dead[0].value.clone().context("a value")?.into())?;
    let attributes = serde_json::to_value(&letter.attributes)?;
    ensure!(
        attributes["source"] == "/shop" && attributes["attempts"] == 3,
        "{attributes}"
    );
    ensure!(
        letter.original == "{}" && letter.names.id.as_deref() == Some("bad"),
        "{letter:?}"
    );
    Ok(())
}
