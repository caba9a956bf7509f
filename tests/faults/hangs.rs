//! What hangs and comes back: others have taken over its events meanwhile, and it goes on with them as if nothing was.

use std::time::Duration;

use anyhow::{Result, ensure};
use tidegate_harness::{Cluster, Process, Test};
use tidegate_tests::{Ledger, Workload};

use crate::{
    balance::settle,
    rig::{Plan, Rig},
    sinks::three_percent_fail,
    size::Size,
};

/// Longer than a lease, than three failed probes of the gate's health, and than Kafka waits for a member of the group.
const HANGS: Duration = Duration::from_secs(14);

pub(crate) async fn gate(test: Test<Cluster>) -> Result<()> {
    one_of_two(&test, "a gate", |rig| rig.first().gate.process()).await
}

pub(crate) async fn sidecar(test: Test<Cluster>) -> Result<()> {
    one_of_two(&test, "a sidecar", |rig| rig.first().daprd.process()).await
}

async fn one_of_two(test: &Test<Cluster>, name: &str, of: impl for<'a> Fn(&'a Rig<'_>) -> &'a Process) -> Result<()> {
    let Size { events, limit, .. } = Size::asked();
    let plan = Plan {
        gates: 2,
        ..Plan::default()
    };
    let rig = Rig::start(test, plan, three_percent_fail).await?;
    let workload = Workload::new(&name.replace(' ', "-"), events);
    let ledger = Ledger::new(&workload, rig.load(&workload).await?);
    rig.sinks.wait_taken(workload.outputs() / 4, limit).await?;
    of(&rig).freeze()?;
    tokio::time::sleep(HANGS).await;
    let taken = rig.sinks.taken();
    of(&rig).thaw()?;
    let balance = settle(&ledger, &rig, limit).await?;
    println!(
        "{name} of two hangs for {} s, {taken} outputs when it comes back: {balance}",
        HANGS.as_secs()
    );
    ensure!(taken > workload.outputs() / 4, "the other one went on");
    Ok(())
}
