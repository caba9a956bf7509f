//! A state store that is full: what cannot be claimed is not acknowledged, and is redelivered until there is space.

use std::time::Duration;

use anyhow::{Result, ensure};
use tidegate_harness::{Cluster, Redis, Test, wait};
use tidegate_tests::{Ledger, Workload, workload::Fate};

use crate::{
    balance::settle,
    rig::{Plan, Rig, Services},
    sinks::three_percent_fail,
    size::Size,
};

/// The error of Redis.
const FULL: &str = "OOM command not allowed";
/// Time in which a hasty gate would acknowledge.
const A_WHILE: Duration = Duration::from_secs(2);

pub(crate) async fn state_store(test: Test<Cluster>) -> Result<()> {
    let Size { events, limit, .. } = Size::asked();
    let redis = Redis::start(&test.services, &test.dir).await?;
    let services = Services {
        redis: &redis,
        ..Services::shared(&test)?
    };
    let rig = Rig::start_on(&test, services, Plan::default(), three_percent_fail).await?;
    let workload = Workload::new("full", events);
    let records = workload.records();
    let (first, second) = records.split_at(events / 2);

    // Full from the start: only what needs no claim is processed, which is what the policy rejects.
    redis.set_maxmemory(1).await?;
    let mut sources = rig.produce(first.to_vec()).await?;
    until_logged(&rig, 1).await?;
    tokio::time::sleep(A_WHILE).await;
    let rejected = workload.order[..first.len()]
        .iter()
        .filter(|event| matches!(workload.events[**event].fate, Fate::DeadLetter(code) if code != "id-conflict"));
    let (acknowledged, rejected) = (rig.acknowledged().await?, i64::try_from(rejected.count())?);
    ensure!(
        acknowledged <= rejected,
        "{acknowledged} acknowledged, and only {rejected} need no claim"
    );
    ensure!(
        rig.sinks.count() == 0,
        "published without a claim: {:?}",
        rig.sinks.calls()
    );

    // There is space, and then there is none in the midst of the load.
    redis.set_maxmemory(0).await?;
    rig.sinks.wait_taken(workload.outputs() / 8, limit).await?;
    let logged = logged(&rig)?;
    redis.set_maxmemory(1).await?;
    sources.extend(rig.produce(second.to_vec()).await?);
    until_logged(&rig, logged + 1).await?;
    tokio::time::sleep(A_WHILE).await;
    let taken = rig.sinks.taken();
    ensure!(taken < workload.outputs(), "the load was over before Redis was full");
    redis.set_maxmemory(0).await?;

    let balance = settle(&Ledger::new(&workload, sources), &rig, limit).await?;
    println!("Redis full twice, with 0 and with {taken} outputs taken: {balance}");
    Ok(())
}

/// How often the gate has logged that the store is full.
fn logged(rig: &Rig<'_>) -> Result<usize> {
    let log = std::fs::read_to_string(rig.first().gate.process().log())?;
    Ok(log.matches(FULL).count())
}

async fn until_logged(rig: &Rig<'_>, times: usize) -> Result<()> {
    let is_logged = async || logged(rig).is_ok_and(|logged| logged >= times).then_some(());
    wait::until("the store to be full", Duration::from_mins(1), is_logged).await
}
