//! The partitions of a sidecar that was killed go to another one soon.

use std::time::{Duration, Instant};

use anyhow::Result;
use tidegate_harness::{Cluster, Consumer, Daprd, Record, Suite, Test, shipped, subscription, wait};

use crate::records;

/// The `sessionTimeout` that is shipped, and time to notice and to rebalance on a busy machine.
const SOON: Duration = Duration::from_secs(10 + 30);
const RECORDS: usize = 48;

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite.test(
        "the partitions of a killed sidecar are taken over within its session timeout",
        killed,
    )
}

async fn start(test: &Test<Cluster>, topic: &str, name: &str) -> Result<Consumer> {
    let app_id = format!("{}-{name}", test.id);
    // One group: replicas of one gate.
    let pubsub = shipped::pubsub(&test.shared.kafka, &test.id, &app_id)?;
    let daprd = Daprd::new(&app_id).component(pubsub).shipped()?;
    let subscribed = [subscription("kafka-pubsub", topic, "/events").raw()];
    Consumer::start_with(&test.services, &test.dir, daprd, subscribed).await
}

async fn killed(test: Test<Cluster>) -> Result<()> {
    let topic = records::topic(&test, "task-events").await?;
    let (one, other) = (start(&test, &topic, "a").await?, start(&test, &topic, "b").await?);
    let mut round = 0;
    // Until both have a part of the partitions.
    wait::until("both to be given something", wait::PATIENCE, async || {
        round += 1;
        send(&test, &topic, round).await.ok()?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        (one.app.count("/events") > 0 && other.app.count("/events") > 0).then_some(())
    })
    .await?;
    let all = round * RECORDS;
    let both = async || (one.app.count("/events") + other.app.count("/events") >= all).then_some(());
    wait::until("everything so far", wait::PATIENCE, both).await?;

    one.daprd.process().kill9();
    let killed = Instant::now();
    let before = other.app.count("/events");
    send(&test, &topic, 0).await?;
    other.app.wait_longer_for("/events", before + RECORDS, SOON).await?;
    println!(
        "the partitions of a killed sidecar were taken over after {:.1} s",
        killed.elapsed().as_secs_f64()
    );
    Ok(())
}

/// The same number of records to each of the twelve partitions.
async fn send(test: &Test<Cluster>, topic: &str, round: usize) -> Result<()> {
    let records = (0..RECORDS).map(|n| Record {
        partition: i32::try_from(n % 12).ok(),
        ..Record::new(format!("{round}/{n}"))
    });
    test.shared.kafka.produce_all(topic, records.collect()).await?;
    Ok(())
}
