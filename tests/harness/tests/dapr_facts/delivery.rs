//! What an app is sent when a record arrives.

use anyhow::Result;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use tidegate_harness::{Cluster, Received, Record, Suite, Test, wait};

use crate::reader::{self, PATH, PUBSUB, event};

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test("a raw delivery carries the exact bytes of the record", raw)
        .test("a raw delivery has a new random id each time", random_id)
        .test(
            "a structured delivery is the record byte for byte, with the broker's facts as headers",
            structured,
        )
        .test(
            "an event with a traceparent arrives with that trace as a header",
            traced,
        )
        .test("a binary-mode CloudEvent arrives as its data with ce_ headers", binary)
        .test(
            "a raw delivery of a binary-mode CloudEvent has ce_ headers too",
            raw_binary,
        )
        .test("a header of the record can overwrite the broker's facts", overwritten)
        .test(
            "a payload that is not JSON blocks its partition before the app sees it unless raw",
            not_json,
        )
        .test(
            "a header with a line break blocks its partition unless escapeHeaders is on",
            hostile_header,
        )
        .test("escapeHeaders lets a header with a line break through", escaped_header)
        .test("an expired event never reaches the app", expired)
        .test("the tokens of both directions are required and sent", tokens)
}

fn raw_bytes(received: &Received) -> Result<Vec<u8>> {
    let envelope = received.json()?;
    Ok(STANDARD.decode(envelope["data_base64"].as_str().unwrap_or("absent"))?)
}

async fn raw(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, true).await?;
    let values: [&[u8]; 3] = [
        b" { \"n\":9007199254740993, \"b\":1.10, \"a\":1, \"a\":2 } ",
        b"\xff\x00 not JSON",
        b"",
    ];
    for value in values {
        test.shared.kafka.produce(&reader.topic, Record::new(value)).await?;
    }
    let received = reader.app.wait_for(PATH, values.len()).await?;
    for (received, value) in received.iter().zip(values) {
        assert_eq!(raw_bytes(received)?, value);
    }
    let envelope = received[0].json()?;
    assert_eq!(received[0].method, "POST");
    assert_eq!(received[0].header("content-type"), Some("application/cloudevents+json"));
    assert_eq!(envelope["datacontenttype"], "application/octet-stream");
    assert_eq!(envelope["specversion"], "1.0");
    assert_eq!(envelope["topic"], reader.topic);
    assert_eq!(envelope["pubsubname"], PUBSUB);
    Ok(())
}

async fn random_id(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, true).await?;
    reader.app.answer(
        PATH,
        [
            tidegate_harness::Reply::status(500),
            tidegate_harness::Reply::status(200),
        ],
    );
    test.shared.kafka.produce(&reader.topic, event("1")).await?;
    let received = reader.app.wait_for(PATH, 2).await?;
    assert_eq!(raw_bytes(&received[0])?, raw_bytes(&received[1])?);
    assert_ne!(received[0].json()?["id"], received[1].json()?["id"]);
    Ok(())
}

async fn structured(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, false).await?;
    let value =
        r#"{ "type":"t", "id":"1", "specversion":"1.0", "source":"s", "data":{"n":9007199254740993, "a":1.10} }"#;
    let record = Record::new(value).key("user-1").header("trace", "abc");
    test.shared.kafka.produce(&reader.topic, record).await?;
    let received = &reader.app.wait_for(PATH, 1).await?[0];
    assert_eq!(received.body, value.as_bytes());
    assert_eq!(received.header("content-type"), Some("application/cloudevents+json"));
    assert_eq!(received.header("__key"), Some("user-1"));
    assert_eq!(received.header("__topic"), Some(reader.topic.as_str()));
    assert_eq!(received.header("__partition"), Some("0"));
    assert_eq!(received.header("__offset"), Some("0"));
    assert_eq!(received.header("pubsubname"), Some(PUBSUB));
    assert_eq!(received.header("trace"), Some("abc"));
    assert!(
        received
            .header("__timestamp")
            .is_some_and(|time| time.parse::<u64>().is_ok())
    );
    assert_eq!(received.header("traceparent"), None, "only for an event that has one");
    Ok(())
}

async fn traced(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, false).await?;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let value = format!(
        r#"{{"specversion":"1.0","id":"1","source":"s","type":"t","traceparent":"00-{trace}-b7ad6b7169203331-01"}}"#
    );
    test.shared.kafka.produce(&reader.topic, Record::new(value)).await?;
    let received = &reader.app.wait_for(PATH, 1).await?[0];
    let parent = received.header("traceparent").unwrap_or("absent");
    assert!(parent.contains(trace), "{parent}");
    Ok(())
}

fn binary_event() -> Record {
    Record::new(r#"{"n":9007199254740993}"#)
        .header("ce_specversion", "1.0")
        .header("ce_id", "the-id")
        .header("ce_source", "/producer")
        .header("ce_type", "task.created")
        .header("content-type", "application/json")
}

async fn binary(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, false).await?;
    test.shared.kafka.produce(&reader.topic, binary_event()).await?;
    let received = &reader.app.wait_for(PATH, 1).await?[0];
    assert_eq!(received.body, br#"{"n":9007199254740993}"#.as_slice());
    assert_eq!(received.header("ce_id"), Some("the-id"));
    assert_eq!(received.header("ce_type"), Some("task.created"));
    assert_eq!(received.header("ce_source"), Some("/producer"));
    Ok(())
}

async fn raw_binary(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, true).await?;
    test.shared.kafka.produce(&reader.topic, binary_event()).await?;
    let received = &reader.app.wait_for(PATH, 1).await?[0];
    assert_eq!(raw_bytes(received)?, br#"{"n":9007199254740993}"#);
    assert_eq!(received.header("ce_id"), Some("the-id"));
    Ok(())
}

async fn overwritten(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, true).await?;
    let record = Record::new("x")
        .key("mine")
        .header("__key", "another's")
        .header("__offset", "99");
    test.shared.kafka.produce(&reader.topic, record).await?;
    let received = &reader.app.wait_for(PATH, 1).await?[0];
    assert_eq!(received.header("__key"), Some("another's"));
    assert_eq!(received.header("__offset"), Some("99"));
    Ok(())
}

async fn not_json(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, false).await?;
    test.shared
        .kafka
        .produce(&reader.topic, Record::new("not JSON"))
        .await?;
    test.shared.kafka.produce(&reader.topic, event("behind it")).await?;
    reader.daprd.process().wait_for_log("Retrying", wait::PATIENCE).await?;
    assert!(reader.app.received(PATH).is_empty());
    Ok(())
}

fn line_break() -> Record {
    Record::new("x").header("note", "two\r\nlines")
}

async fn hostile_header(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, true).await?;
    test.shared.kafka.produce(&reader.topic, line_break()).await?;
    reader.daprd.process().wait_for_log("Retrying", wait::PATIENCE).await?;
    assert!(reader.app.received(PATH).is_empty());
    Ok(())
}

async fn escaped_header(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start_with(&test, true, |daprd| daprd, &[("escapeHeaders", "true")]).await?;
    test.shared
        .kafka
        .produce(&reader.topic, line_break().key("user 1"))
        .await?;
    let received = &reader.app.wait_for(PATH, 1).await?[0];
    assert_eq!(received.header("note"), Some("two%0D%0Alines"));
    assert_eq!(received.header("__key"), Some("user+1"), "the key is escaped too");
    Ok(())
}

async fn expired(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, false).await?;
    let stale = r#"{"specversion":"1.0","id":"stale","source":"s","type":"t","expiration":"2020-01-01T00:00:00Z"}"#;
    test.shared.kafka.produce(&reader.topic, Record::new(stale)).await?;
    test.shared.kafka.produce(&reader.topic, event("fresh")).await?;
    let received = reader.app.wait_for(PATH, 1).await?;
    assert_eq!(received[0].json()?["id"], "fresh");
    Ok(())
}

async fn tokens(test: Test<Cluster>) -> Result<()> {
    let set = |daprd: tidegate_harness::Daprd| {
        daprd
            .env("APP_API_TOKEN", "for-the-app")
            .env("DAPR_API_TOKEN", "for-dapr")
    };
    let reader = reader::start_with(&test, true, set, &[]).await?;
    reader
        .daprd
        .publish(PUBSUB, &reader.topic, "application/json", "{}", &[])
        .await?;
    let received = &reader.app.wait_for(PATH, 1).await?[0];
    assert_eq!(received.header("dapr-api-token"), Some("for-the-app"));
    let url = reader.daprd.url(&format!("/v1.0/publish/{PUBSUB}/{}", reader.topic));
    let refused = reqwest::Client::new().post(url).json(&json!({})).send().await?;
    assert_eq!(refused.status(), 401);
    Ok(())
}
