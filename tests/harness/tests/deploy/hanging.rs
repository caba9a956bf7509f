//! What hangs, instead of failing, fails by the timeouts that are shipped.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use tidegate_harness::{Cluster, Daprd, Kafka, Redis, Suite, Test, Topics, shipped, wait};

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test(
            "a publish to a broker that hangs fails within the timeout, and may arrive later",
            broker,
        )
        .test("a claim in a Redis that hangs fails within the timeout", redis)
}

async fn broker(test: Test<Cluster>) -> Result<()> {
    // A broker of its own: the others' is not to be frozen.
    let kafka = Kafka::start(&test.services, &test.dir).await?;
    kafka.apply(&Topics::shipped()?, "local", "").await?;
    let daprd = Daprd::new(&test.id)
        .component(shipped::pubsub(&kafka, &test.id, &test.id)?)
        .component(shipped::resiliency(&test.id)?)
        .shipped()?;
    let daprd = daprd.start(&test.services, &test.dir).await?;
    let publish = async |n: u32| daprd.post("/v1.0/publish/kafka-pubsub/task-events", &json!(n)).await;
    ensure!(publish(1).await?.status() == 204);
    kafka.process().freeze()?;
    let start = Instant::now();
    let answer = publish(2).await?;
    fails("publishing to a broker that hangs", start, answer.status().as_u16(), 15)?;
    kafka.process().thaw()?;
    wait::until("publishing to work again", wait::PATIENCE, async || {
        publish(3).await.ok().filter(|answer| answer.status() == 204)
    })
    .await?;
    let records = kafka.read("task-events").await?;
    let late = records
        .iter()
        .filter(|record| record.json().is_ok_and(|json| json["data"] == 2));
    println!("of what was answered with 500, {} arrived later", late.count());
    Ok(())
}

async fn redis(test: Test<Cluster>) -> Result<()> {
    test.shared.redis()?;
    let redis = Redis::start(&test.services, &test.dir).await?;
    let daprd = Daprd::new(&test.id)
        .component(shipped::statestore(&redis, &test.id)?)
        .component(shipped::resiliency(&test.id)?)
        .shipped()?;
    let daprd = daprd.start(&test.services, &test.dir).await?;
    let claim = async || {
        daprd
            .post("/v1.0/state/statestore", &json!([{"key": "event-1", "value": "v"}]))
            .await
    };
    ensure!(claim().await?.status() == 204);
    redis.process().freeze()?;
    let start = Instant::now();
    let answer = claim().await?;
    fails("a claim in a Redis that hangs", start, answer.status().as_u16(), 5)?;
    redis.process().thaw()?;
    ensure!(claim().await?.status() == 204, "at once");
    Ok(())
}

fn fails(what: &str, start: Instant, status: u16, seconds: u64) -> Result<()> {
    let took = start.elapsed();
    println!("{what}: {status} after {:.1} s", took.as_secs_f64());
    ensure!((500..600).contains(&status), "{status}");
    ensure!(took < Duration::from_secs(seconds * 2 + 5), "{took:?}");
    Ok(())
}
