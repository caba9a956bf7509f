//! What the sidecar makes of an event that is published through it.

use anyhow::Result;
use serde_json::json;
use tidegate_harness::{Cluster, Suite, Test};

use crate::reader::{PUBSUB, only_record, writer};

const CLOUDEVENT: &str = "application/cloudevents+json";

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test(
            "metadata.partitionKey becomes the record key and a header",
            partition_key,
        )
        .test("a published CloudEvent keeps its id and every digit", cloudevent)
        .test("a published CloudEvent is written anew with its members sorted", sorted)
        .test(
            "any other content type is wrapped in a CloudEvent with a random id",
            wrapped,
        )
        .test("metadata.rawPayload publishes the bytes as they are", raw)
        .test("publishing to an unknown pubsub answers 404", unknown)
}

async fn partition_key(test: Test<Cluster>) -> Result<()> {
    let daprd = writer(&test).await?;
    let query = [("metadata.partitionKey", "user-1"), ("metadata.other", "x")];
    daprd
        .publish(PUBSUB, &test.id, "application/json", "{}", &query)
        .await?;
    let record = only_record(&test).await?;
    assert_eq!(record.key_text(), Some("user-1"));
    assert_eq!(record.headers["partitionKey"], b"user-1");
    assert_eq!(record.headers["other"], b"x");
    Ok(())
}

async fn cloudevent(test: Test<Cluster>) -> Result<()> {
    let daprd = writer(&test).await?;
    let body = r#"{"specversion":"1.0","id":"the-id","source":"/gate","type":"task.created","subject":"user-1",
        "topic":"mine","pubsubname":"mine","data":{"n":9007199254740993,"big":1180591620717411303424,"d":1.10,"e":1e400}}"#;
    daprd.publish(PUBSUB, &test.id, CLOUDEVENT, body, &[]).await?;
    let record = only_record(&test).await?;
    let written = String::from_utf8(record.value.unwrap_or_default())?;
    for part in [
        r#""id":"the-id""#,
        r#""source":"/gate""#,
        r#""type":"task.created""#,
        r#""subject":"user-1""#,
    ] {
        assert!(written.contains(part), "{part} in {written}");
    }
    for digits in ["9007199254740993", "1180591620717411303424", "1.10", "1e400"] {
        assert!(written.contains(digits), "{digits} in {written}");
    }
    let json: serde_json::Value = serde_json::from_str(&written.replace("1e400", "0"))?;
    assert_eq!(json["topic"], test.id, "the sidecar overwrites it");
    assert_eq!(json["pubsubname"], PUBSUB, "the sidecar overwrites it");
    assert!(json["time"].is_string(), "the sidecar adds it");
    Ok(())
}

async fn sorted(test: Test<Cluster>) -> Result<()> {
    let daprd = writer(&test).await?;
    let body = r#"{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"b":"<", "a":1,"a":2}}"#;
    daprd.publish(PUBSUB, &test.id, CLOUDEVENT, body, &[]).await?;
    let written = String::from_utf8(only_record(&test).await?.value.unwrap_or_default())?;
    assert!(written.contains(r#""data":{"a":2,"b":"\u003c"}"#), "{written}");
    Ok(())
}

async fn wrapped(test: Test<Cluster>) -> Result<()> {
    let daprd = writer(&test).await?;
    daprd
        .publish(PUBSUB, &test.id, "application/json", r#"{"id":"inner"}"#, &[])
        .await?;
    let json = only_record(&test).await?.json()?;
    assert_eq!(json["data"], json!({"id": "inner"}));
    assert_eq!(json["datacontenttype"], "application/json");
    assert_eq!(json["type"], "com.dapr.event.sent");
    assert_ne!(json["id"], "inner");
    Ok(())
}

async fn raw(test: Test<Cluster>) -> Result<()> {
    let daprd = writer(&test).await?;
    let bytes = b"{ \"b\":1,  \"a\":9007199254740993, \"a\":1 }\xff".to_vec();
    let query = [("metadata.rawPayload", "true"), ("metadata.partitionKey", "user-1")];
    daprd
        .publish(PUBSUB, &test.id, "application/octet-stream", bytes.clone(), &query)
        .await?;
    let record = only_record(&test).await?;
    assert_eq!(record.value, Some(bytes));
    assert_eq!(record.key_text(), Some("user-1"));
    Ok(())
}

async fn unknown(test: Test<Cluster>) -> Result<()> {
    let daprd = writer(&test).await?;
    let answer = daprd.post("/v1.0/publish/no-such-pubsub/topic", &json!({})).await?;
    assert_eq!(answer.status(), 404);
    Ok(())
}
