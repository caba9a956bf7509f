//! Headers of a record, which anyone who may write to a topic can choose, block nothing and pretend nothing.

use anyhow::{Context, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use tidegate_harness::{Cluster, Consumer, Daprd, Received, Record, Suite, Test, shipped, subscription};

use crate::records;

const PATH: &str = "/events";

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test("no header of a record blocks its partition", hostile)
        .test("a header cannot take the place of the broker's facts", spoofed)
        .test(
            "of the headers of a record, the attributes of a CloudEvent arrive, escaped",
            binary,
        )
}

async fn reader(test: &Test<Cluster>) -> Result<(Consumer, String)> {
    let topic = records::topic(test, "task-events").await?;
    let pubsub = shipped::pubsub(&test.shared.kafka, &test.id, &test.id)?;
    let daprd = Daprd::new(&test.id).component(pubsub).shipped()?;
    let subscribed = [subscription("kafka-pubsub", &topic, PATH).raw()];
    let consumer = Consumer::start_with(&test.services, &test.dir, daprd, subscribed).await?;
    Ok((consumer, topic))
}

fn in_one_partition(value: &str) -> Record {
    Record {
        partition: Some(0),
        ..Record::new(value).key("user-1")
    }
}

fn value(received: &Received) -> Result<String> {
    let envelope = received.json()?;
    let data = envelope["data_base64"].as_str().context("data_base64")?;
    Ok(String::from_utf8(BASE64_STANDARD.decode(data)?)?)
}

async fn hostile(test: Test<Cluster>) -> Result<()> {
    let (consumer, topic) = reader(&test).await?;
    let large = "x".repeat(64 << 10);
    let any: Vec<u8> = (0..=255).collect();
    let headers: Vec<(String, Vec<u8>)> = vec![
        ("content-length".into(), b"3".to_vec()),
        ("Content-Length".into(), b"0".to_vec()),
        ("transfer-encoding".into(), b"chunked".to_vec()),
        ("host".into(), b"elsewhere".to_vec()),
        ("connection".into(), b"close".to_vec()),
        ("expect".into(), b"100-continue".to_vec()),
        ("upgrade".into(), b"h2c".to_vec()),
        ("content-encoding".into(), b"gzip".to_vec()),
        ("dapr-api-token".into(), b"guessed".to_vec()),
        ("traceparent".into(), b"not a trace".to_vec()),
        ("grpc-trace-bin".into(), b"\xff".to_vec()),
        (String::new(), b"no name".to_vec()),
        ("a name with spaces".into(), b"x".to_vec()),
        ("two\r\nlines: x".into(), b"x".to_vec()),
        ("h\u{e4}\u{df}lich".into(), b"x".to_vec()),
        ("ce_".into(), b"x".to_vec()),
        ("ce_any".into(), any),
        ("ce_large".into(), large.into_bytes()),
        ("ce_lines".into(), b"two\r\nlines".to_vec()),
        ("ce_specversion".into(), b"999".to_vec()),
        ("ce_empty".into(), vec![]),
    ];
    // An app may take no more than a hundred.
    let many = (0..1000).fold(in_one_partition("many"), |record, n| {
        record.header(format!("x-{n}"), "x")
    });
    let records = headers
        .iter()
        .enumerate()
        .map(|(n, (name, value))| in_one_partition(&format!("{n}")).header(name.clone(), value.clone()))
        .chain([many, in_one_partition("last")]);
    let records: Vec<_> = records.collect();
    let count = records.len();
    test.shared.kafka.produce_all(&topic, records).await?;
    let received = consumer.app.wait_for(PATH, count).await?;
    for (n, received) in received.iter().take(headers.len()).enumerate() {
        assert_eq!(value(received)?, n.to_string(), "{}", headers[n].0);
    }
    assert_eq!(value(&received[count - 1])?, "last", "each comes once");
    Ok(())
}

async fn spoofed(test: Test<Cluster>) -> Result<()> {
    let (consumer, topic) = reader(&test).await?;
    let record = [
        "__key",
        "__topic",
        "__partition",
        "__offset",
        "__timestamp",
        "pubsubname",
        "__KEY",
        "__Offset",
    ]
    .into_iter()
    .fold(in_one_partition("x"), |record, name| record.header(name, "a lie"));
    test.shared.kafka.produce(&topic, record).await?;
    let received = &consumer.app.wait_for(PATH, 1).await?[0];
    assert_eq!(received.header("__key"), Some("user-1"));
    assert_eq!(received.header("__topic"), Some(topic.as_str()));
    assert_eq!(received.header("__partition"), Some("0"));
    assert_eq!(received.header("__offset"), Some("0"));
    let at = received.header("__timestamp").context("__timestamp")?;
    assert!(at.parse::<u64>().is_ok(), "{at}");
    let lies = received.headers.iter().filter(|(_, value)| value.contains("a+lie"));
    assert_eq!(lies.count(), 0, "{:?}", received.headers);
    Ok(())
}

async fn binary(test: Test<Cluster>) -> Result<()> {
    let (consumer, topic) = reader(&test).await?;
    let record = in_one_partition("{}")
        .header("ce_id", "an id/1+")
        .header("ce_specversion", "1.0")
        .header("ce_Other", "x")
        .header("ce_a_b", "x")
        .header("ce_", "x")
        .header("content-type", "application/json");
    test.shared.kafka.produce(&topic, record).await?;
    let received = &consumer.app.wait_for(PATH, 1).await?[0];
    assert_eq!(value(received)?, "{}", "its data is the event");
    let attributes = received.headers.iter().filter(|(name, _)| name.starts_with("ce_"));
    let attributes: Vec<_> = attributes.map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(attributes, [("ce_id", "an+id%2F1%2B"), ("ce_specversion", "1.0")]);
    let content_type = received.header("content-type");
    assert_eq!(
        content_type,
        Some("application/cloudevents+json"),
        "not the record's own"
    );
    Ok(())
}
