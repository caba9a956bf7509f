//! `kill -9` of gates under load, at moments that are known.

use std::{fmt::Write as _, time::Duration};

use anyhow::Result;
use tidegate_harness::{Cluster, Test};
use tidegate_tests::{Ledger, Workload};

use crate::{
    balance::settle,
    rig::{Plan, Replica, Rig},
    sinks::three_percent_fail,
    size::Size,
};

/// When a gate is killed: at any time, or while its sidecar waits for a request of it that a proxy holds.
const MOMENTS: [(&str, Option<&str>); 5] = [
    ("claimed, not sent", Some("POST /v1.0/invoke/")),
    ("sent, not marked done", Some(r#""state":"done""#)),
    ("failed, retry not stored", Some("POST /v1.0/jobs/")),
    ("retry stored, not marked", Some(r#""state":"scheduled""#)),
    ("any time", None),
];

/// How long a moment is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn one_gate(test: Test<Cluster>) -> Result<()> {
    kills(&test, 1).await
}

pub(crate) async fn two_gates(test: Test<Cluster>) -> Result<()> {
    kills(&test, 2).await
}

async fn kills(test: &Test<Cluster>, gates: usize) -> Result<()> {
    let Size {
        events, kills, limit, ..
    } = Size::asked();
    let plan = Plan {
        gates,
        ..Plan::default()
    };
    let rig = Rig::start(test, plan, three_percent_fail).await?;
    let workload = Workload::new(&format!("kills-{gates}"), events);
    let (records, mut sources, mut fell) = (workload.records(), Vec::new(), [0; MOMENTS.len()]);
    // A part of the load for each kill, so that each falls into the midst of it, and one for the end.
    for (part, records) in records.chunks(events.div_ceil(kills + 1)).enumerate() {
        let before = rig.sinks.taken();
        sources.extend(rig.produce(records.to_vec()).await?);
        if part < kills {
            rig.sinks.wait_taken(before + records.len() / 4, limit).await?;
            let moment = part % MOMENTS.len();
            let reached = kill_at(rig.first(), MOMENTS[moment].1).await?;
            fell[if reached { moment } else { MOMENTS.len() - 1 }] += 1;
        }
    }
    let ledger = Ledger::new(&workload, sources);
    let balance = settle(&ledger, &rig, limit).await?;
    let mut moments = String::new();
    for ((name, _), count) in MOMENTS.iter().zip(fell) {
        write!(moments, "; {name}: {count}")?;
    }
    println!("{gates} gates, {kills} kills, {balance}{moments}");
    anyhow::ensure!(
        fell[0] > 0 && fell[1] > 0,
        "no kill fell between receipt and the end: {fell:?}"
    );
    Ok(())
}

/// Kills the gate while a request with this text is held, and starts it again. False when none came.
async fn kill_at(replica: &Replica, text: Option<&str>) -> Result<bool> {
    let mut reached = true;
    if let Some(text) = text {
        replica.proxy.hold_requests(text);
        reached = tokio::time::timeout(PATIENCE, replica.proxy.wait_held())
            .await
            .is_ok_and(|held| held.is_ok());
    }
    replica.gate.process().kill9();
    // What was held is lost with its connection.
    replica.proxy.cut();
    replica.proxy.release();
    replica.gate.process().restart().await?;
    Ok(reached)
}
