//! The balance of a workload on a rig, once nothing more comes.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tidegate_tests::{Arrived, Balance, Ledger, alerted};

use crate::rig::Rig;

/// How long nothing more may come before the balance is final.
const QUIET: Duration = Duration::from_secs(2);
/// Time between two looks.
const EVERY: Duration = Duration::from_millis(500);

/// Waits until nothing is missing and nothing more comes; fails when something is lost or wrong.
pub(crate) async fn settle(ledger: &Ledger<'_>, rig: &Rig<'_>, limit: Duration) -> Result<Balance> {
    let started = Instant::now();
    loop {
        let calls = rig.sinks.count();
        // Kafka may be on its way back.
        let balance = arrived(rig).await.map(|arrived| ledger.balance(&arrived));
        match balance {
            Ok(balance) if balance.lost.is_empty() => {
                tokio::time::sleep(QUIET).await;
                if rig.sinks.count() == calls {
                    let balance = ledger.balance(&arrived(rig).await?);
                    ensure!(balance.is_right(), "{balance}");
                    return Ok(balance);
                }
            }
            Ok(balance) => ensure!(started.elapsed() < limit, "after {limit:?}: {balance}"),
            Err(error) => ensure!(started.elapsed() < limit, "after {limit:?}: {error:#}"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn arrived(rig: &Rig<'_>) -> Result<Arrived> {
    let unreadable = rig.sinks.unreadable();
    ensure!(
        unreadable.is_empty(),
        "the sinks were sent what is no envelope: {unreadable:?}"
    );
    let alerts = async |topic| rig.read(topic).await?.iter().map(alerted).collect::<Result<_>>();
    Ok(Arrived {
        letters: rig.letters().await?,
        ops: alerts("ops-alerts").await?,
        users: alerts("user-alerts").await?,
        outputs: rig.sinks.outputs(),
    })
}
