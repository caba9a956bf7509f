//! Retries kept in topics instead of jobs.

use std::time::Duration;

use anyhow::Result;
use tidegate_harness::{Cluster, Test, shipped};
use tidegate_tests::{Ledger, Workload, workload::TYPES};

use crate::{
    balance::settle,
    rig::{Plan, Rig, topic},
    schedule::{exactly_the_schedule, one_of_each},
    sinks::{Answer, three_percent_fail},
    size::Size,
};

const LIMIT: Duration = Duration::from_mins(1);
const QUIET: Duration = Duration::from_secs(3);

pub(crate) async fn always_failing(test: Test<Cluster>) -> Result<()> {
    let plan = in_topics(&test, 0.001)?;
    let rig = Rig::start(&test, plan, |_| Answer::Refuse(503)).await?;
    rig.produce(one_of_each("tiers")).await?;
    let letters = rig.wait_letters(TYPES.len(), LIMIT).await?;
    tokio::time::sleep(QUIET).await;
    exactly_the_schedule(&rig, "tiers", &letters).await
}

pub(crate) async fn killed(test: Test<Cluster>) -> Result<()> {
    let Size { events, limit, .. } = Size::asked();
    let plan = in_topics(&test, 0.01)?;
    let rig = Rig::start(&test, plan, three_percent_fail).await?;
    let workload = Workload::new("tiers", events / 3);
    let ledger = Ledger::new(&workload, rig.load(&workload).await?);
    let gate = rig.first().gate.process();
    for kill in 1..=2 {
        rig.sinks.wait_taken(workload.outputs() * kill / 3, limit).await?;
        gate.kill9();
        gate.restart().await?;
    }
    println!("2 kills, {}", settle(&ledger, &rig, limit).await?);
    Ok(())
}

/// A plan with two retry topics, for delays of nothing and of a second.
fn in_topics(test: &Test<Cluster>, scale: f64) -> Result<Plan> {
    let tiers = [("retry.5s", 0), ("retry.30s", 1)];
    let listed = tiers.map(|(name, seconds)| format!("{{ topic: {}, seconds: {seconds} }}", topic(test, name)));
    let group = format!("{}-retry", test.id);
    Ok(Plan {
        retries: format!(
            "{{ scale: {scale}, scheduler: topics, topics: {{ pubsub: kafka-retry, tiers: [{}] }} }}",
            listed.join(", ")
        ),
        topics: tiers.map(|(name, _)| name).to_vec(),
        components: vec![shipped::kafka_retry(&test.shared.kafka, &group, &test.id)?],
        ..Plan::default()
    })
}
