//! SIGTERM under load.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tidegate_harness::{Cluster, Test};
use tidegate_tests::{Ledger, Workload};

use crate::{
    balance::settle,
    rig::{LONG_LEASE, Plan, Rig},
    sinks::three_percent_fail,
    size::Size,
};

const DRAIN: Duration = Duration::from_secs(10);
const STOPS: usize = 3;

pub(crate) async fn stopped_under_load(test: Test<Cluster>) -> Result<()> {
    let Size { events, limit, .. } = Size::asked();
    let plan = Plan {
        // What is in flight is finished, so no lease needs to end.
        lease_ms: LONG_LEASE,
        config: format!("drain_seconds: {}", DRAIN.as_secs()),
        ..Plan::default()
    };
    let rig = Rig::start(&test, plan, three_percent_fail).await?;
    let workload = Workload::new("stop", events);
    let ledger = Ledger::new(&workload, rig.load(&workload).await?);
    let mut took = Vec::new();
    for stop in 0..STOPS {
        let progress = workload.outputs() * (stop + 1) / (STOPS + 2);
        rig.sinks.wait_taken(progress, limit).await?;
        let asked = Instant::now();
        let gate = rig.first().gate.process();
        let status = gate.terminate(DRAIN + Duration::from_secs(1)).await?;
        took.push(asked.elapsed());
        ensure!(status.code() == Some(0), "it ended with {status}");
        gate.restart().await?;
    }
    let balance = settle(&ledger, &rig, limit).await?;
    println!("{STOPS} stops, each done in {took:.1?}: {balance}");
    ensure!(balance.repeats == 0, "what was in flight was finished: {balance}");
    Ok(())
}
