//! A steady load for minutes: nothing is lost, and the gate's memory stays as it is.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tidegate_harness::{Cluster, Test};
use tidegate_tests::{Ledger, Workload};

use crate::{
    balance::settle,
    rig::{Plan, Rig},
    sinks::three_percent_fail,
    size::Size,
};

/// Records in a second, a fraction of what one gate can take on two cores.
const RATE: usize = 50;
/// How often the memory is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// What the last quarter may hold more than the first.
const GROWTH: u64 = 16 << 20;

pub(crate) async fn memory(test: Test<Cluster>) -> Result<()> {
    let Size { steady, limit, .. } = Size::asked();
    let steady = steady.unwrap_or_default();
    let rig = Rig::start(&test, Plan::default(), three_percent_fail).await?;
    let gate = rig.first().gate.process();
    let workload = Workload::new("steady", RATE * usize::try_from(steady.as_secs())?);
    let (mut sources, mut resident) = (Vec::new(), Vec::new());
    let (started, used) = (Instant::now(), gate.cpu_seconds()?);
    let part = RATE * usize::try_from(EVERY.as_secs())?;
    for (number, records) in (1..).zip(workload.records().chunks(part)) {
        sources.extend(rig.produce(records.to_vec()).await?);
        tokio::time::sleep((EVERY * number).saturating_sub(started.elapsed())).await;
        resident.push(gate.resident_bytes()?);
    }
    let (took, used) = (started.elapsed(), gate.cpu_seconds()? - used);
    let balance = settle(&Ledger::new(&workload, sources), &rig, limit).await?;

    let quarter = resident.len() / 4;
    let (first, last) = (
        Spread::of(&resident[..quarter]),
        Spread::of(&resident[resident.len() - quarter..]),
    );
    println!(
        "{RATE} records a second for {:.0} s, {used:.0} s of a core: {balance}; resident memory in MiB (min, median, max): first quarter {first}, last quarter {last}",
        took.as_secs_f64()
    );
    ensure!(
        last.median <= first.median / 4 * 5 + GROWTH,
        "memory grows: {first}, then {last}"
    );
    Ok(())
}

struct Spread {
    min: u64,
    median: u64,
    max: u64,
}

impl Spread {
    fn of(bytes: &[u64]) -> Self {
        let mut sorted = bytes.to_vec();
        sorted.sort_unstable();
        let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
        Self {
            min: at(0),
            median: at(sorted.len() / 2),
            max: at(sorted.len().saturating_sub(1)),
        }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [min, median, max] = [self.min, self.median, self.max].map(|bytes| bytes >> 20);
        write!(out, "{min}, {median}, {max}")
    }
}
