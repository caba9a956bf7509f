//! Claims in a state store: created once, and changed only by the one who knows the `ETag`.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tidegate_harness::{Cluster, Component, Daprd, RunningDaprd, Suite, Test, component};

const STORE: &str = "statestore";
const PATH: &str = "/v1.0/state/statestore";
const KEY: &str = "event-1";

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test("in memory a second create-only write answers 409", memory)
        .test("in SQLite a second create-only write answers 409", sqlite)
        .test("in Redis a second create-only write answers 500", redis)
}

async fn memory(test: Test<Cluster>) -> Result<()> {
    check(&test, component::memory_state(STORE), 409, 409).await
}

async fn sqlite(test: Test<Cluster>) -> Result<()> {
    let store = component::sqlite_state(STORE, &test.dir.path().join("state.db"));
    check(&test, store, 409, 409).await
}

async fn redis(test: Test<Cluster>) -> Result<()> {
    let store = component::redis_state(STORE, test.shared.redis()?);
    check(&test, store, 500, 204).await
}

/// The life of a claim; `conflict` is the status of a create-only write that comes second, `absent` that of a delete
/// with an `ETag` that finds nothing.
async fn check(test: &Test<Cluster>, store: Component, conflict: u16, absent: u16) -> Result<()> {
    let daprd = Daprd::new(&test.id)
        .component(store)
        .start(&test.services, &test.dir)
        .await?;
    assert_eq!(daprd.get(&format!("{PATH}/{KEY}")).await?.status(), 204, "no such key");

    assert_eq!(save(&daprd, "mine", None).await?, 204, "create-only of a new key");
    assert_eq!(
        save(&daprd, "another's", None).await?,
        conflict,
        "create-only of a key that is there"
    );
    let (value, etag) = read(&daprd).await?;
    assert_eq!(value, "mine", "the conflict has changed nothing");

    assert_eq!(save(&daprd, "done", Some(&etag)).await?, 204, "with its ETag");
    assert_eq!(save(&daprd, "late", Some(&etag)).await?, 409, "with an old ETag");
    let (value, next) = read(&daprd).await?;
    assert_eq!(value, "done");
    assert_ne!(etag, next);

    assert_eq!(delete(&daprd, &etag).await?, 409, "a delete with an old ETag");
    assert_eq!(delete(&daprd, &next).await?, 204, "a delete with its ETag");
    assert_eq!(daprd.get(&format!("{PATH}/{KEY}")).await?.status(), 204, "it is gone");
    assert_eq!(delete(&daprd, &next).await?, absent, "a delete of what is gone");
    assert_eq!(save(&daprd, "new", None).await?, 204, "create-only of a deleted key");
    Ok(())
}

async fn save(daprd: &RunningDaprd, value: &str, etag: Option<&str>) -> Result<u16> {
    let mut item = json!({
        "key": KEY,
        "value": value,
        "metadata": {"ttlInSeconds": "600"},
        "options": {"concurrency": "first-write", "consistency": "strong"},
    });
    if let Some(etag) = etag {
        item["etag"] = json!(etag);
    }
    Ok(daprd.post(PATH, &json!([item])).await?.status().as_u16())
}

async fn delete(daprd: &RunningDaprd, etag: &str) -> Result<u16> {
    let request = reqwest::Client::new().delete(daprd.url(&format!("{PATH}/{KEY}")));
    let answer = request.header("if-match", etag).send().await?;
    Ok(answer.status().as_u16())
}

async fn read(daprd: &RunningDaprd) -> Result<(Value, String)> {
    let answer = daprd.get(&format!("{PATH}/{KEY}")).await?;
    let etag = answer.headers().get("etag").context("an ETag")?.to_str()?.to_owned();
    Ok((answer.json().await?, etag))
}
