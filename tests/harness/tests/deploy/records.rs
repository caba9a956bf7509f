//! Large records pass whole, and what is not acknowledged is redelivered, in the retry topics too.

use std::time::Duration;

use anyhow::{Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::Client;
use tidegate_harness::{Cluster, Consumer, Daprd, Record, Reply, Suite, Test, Topic, Topics, shipped, subscription};

const PUBSUB: &str = "kafka-pubsub";

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test("a dead letter of 9 MiB is published and delivered byte for byte", large)
        .test(
            "the largest dead letter is 12 MiB, and one above it is refused",
            largest,
        )
        .test("an event that waits in a retry topic is delivered each second", waiting)
}

/// A topic of the file under a name of the test's own.
pub(crate) async fn topic(test: &Test<Cluster>, name: &str) -> Result<String> {
    let mut topics = Topics::shipped()?;
    topics.topics.retain(|topic: &Topic| topic.name == name);
    ensure!(topics.topics.len() == 1, "no topic {name}");
    let prefix = format!("{}.", test.id);
    test.shared.kafka.apply(&topics, "local", &prefix).await?;
    Ok(format!("{prefix}{name}"))
}

/// Numbers that do not repeat, so that a piece that is missing or moved is seen.
fn bytes(length: usize) -> Vec<u8> {
    (0_u32..).flat_map(u32::to_le_bytes).take(length).collect()
}

async fn publish(consumer: &Consumer, topic: &str, body: Vec<u8>) -> Result<u16> {
    let url = format!("/v1.0/publish/{PUBSUB}/{topic}?metadata.rawPayload=true&metadata.partitionKey=user-1");
    let request = Client::new().post(consumer.daprd.url(&url));
    let request = request.header("content-type", "application/octet-stream");
    Ok(request.body(body).send().await?.status().as_u16())
}

async fn reader(test: &Test<Cluster>, topic: &str) -> Result<Consumer> {
    let pubsub = shipped::pubsub(&test.shared.kafka, &test.id, &test.id)?;
    let daprd = Daprd::new(&test.id)
        .component(pubsub)
        .component(shipped::resiliency(&test.id)?)
        .shipped()?;
    let subscribed = [subscription(PUBSUB, topic, "/events").raw()];
    Consumer::start_with(&test.services, &test.dir, daprd, subscribed).await
}

async fn large(test: Test<Cluster>) -> Result<()> {
    let topic = topic(&test, "dlq").await?;
    let consumer = reader(&test, &topic).await?;
    let body = bytes(9 << 20);
    assert_eq!(publish(&consumer, &topic, body.clone()).await?, 204);
    let stored = test.shared.kafka.read(&topic).await?;
    assert_eq!(stored.len(), 1);
    assert!(stored[0].value.as_ref() == Some(&body), "as it was sent");
    assert_eq!(stored[0].key_text(), Some("user-1"));
    let delivered = consumer.app.wait_for("/events", 1).await?[0].json()?;
    let delivered = BASE64_STANDARD.decode(delivered["data_base64"].as_str().unwrap_or_default())?;
    assert!(delivered == body, "delivered as it was sent");
    Ok(())
}

async fn largest(test: Test<Cluster>) -> Result<()> {
    let topic = topic(&test, "dlq").await?;
    let consumer = reader(&test, &topic).await?;
    // The client counts its own part of a record, the key and the headers, of less than 200 bytes.
    assert_eq!(publish(&consumer, &topic, bytes((12 << 20) - 200)).await?, 204);
    assert_eq!(publish(&consumer, &topic, bytes((12 << 20) + 1)).await?, 500);
    Ok(())
}

async fn waiting(test: Test<Cluster>) -> Result<()> {
    let topic = topic(&test, "retry.5s").await?;
    let kafka = &test.shared.kafka;
    let daprd = Daprd::new(&test.id)
        .component(shipped::kafka_retry(kafka, &test.id, &test.id)?)
        .shipped()?;
    let subscribed = [subscription("kafka-retry", &topic, "/waiting").raw()];
    let consumer = Consumer::start_with(&test.services, &test.dir, daprd, subscribed).await?;
    let retry = Reply::text(200, r#"{"status":"RETRY"}"#);
    consumer
        .app
        .answer("/waiting", [retry.clone(), retry.clone(), retry, Reply::status(200)]);
    kafka.produce(&topic, Record::new("not due").key("user-1")).await?;
    let received = consumer.app.wait_for("/waiting", 4).await?;
    let apart: Vec<_> = received.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(
        apart.iter().all(|apart| *apart > Duration::from_millis(900)),
        "{apart:?}"
    );
    // Those that a busy machine was late with do not count.
    assert!(apart.iter().min() < Some(&Duration::from_secs(3)), "{apart:?}");
    Ok(())
}
