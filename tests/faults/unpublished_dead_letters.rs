//! A dead letter that cannot be published is scheduled like any other event: it survives a kill, and arrives.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use tidegate_harness::{Cluster, Record, Test, wait};
use tidegate_tests::Letter;

use crate::{
    rig::{Plan, Rig},
    sinks::{Answer, Call, DEAD_LETTERS, take},
};

const LIMIT: Duration = Duration::from_mins(1);
/// Time in which a hasty gate would acknowledge.
const A_WHILE: Duration = Duration::from_millis(1500);

pub(crate) async fn unpublished(test: Test<Cluster>) -> Result<()> {
    let is_up = Arc::new(AtomicBool::new(false));
    let rule = {
        let is_up = is_up.clone();
        move |call: &Call| {
            if is_up.load(Ordering::Relaxed) {
                take(call)
            } else {
                Answer::Refuse(503)
            }
        }
    };
    let plan = Plan {
        dead_letters: Some(DEAD_LETTERS),
        retries: "{ scale: 0.5 }".to_owned(),
        ..Plan::default()
    };
    let rig = Rig::start(&test, plan, rule).await?;
    let replica = rig.first();

    // The retry cannot be stored: nothing is acknowledged.
    replica.proxy.hold_requests("POST /v1.0/jobs/");
    rig.produce(vec![Record::new(&b"\xff first"[..]).key("user-1")]).await?;
    replica.proxy.wait_held().await?;
    tokio::time::sleep(A_WHILE).await;
    ensure!(
        rig.acknowledged().await? == 0,
        "acknowledged before its dead letter was stored"
    );

    replica.gate.process().kill9();
    replica.proxy.cut();
    replica.proxy.release();
    replica.gate.process().restart().await?;
    let acknowledged = async || rig.acknowledged().await.is_ok_and(|count| count == 1).then_some(());
    wait::until(
        "the retry to be stored and the source acknowledged",
        LIMIT,
        acknowledged,
    )
    .await?;
    ensure!(rig.sinks.taken() == 0, "the dead letter could not be published so far");

    // Stored and acknowledged: a kill loses nothing.
    replica.gate.process().kill9();
    replica.gate.process().restart().await?;
    let refused = rig.sinks.calls().len();
    is_up.store(true, Ordering::Relaxed);
    rig.sinks.wait_taken(1, LIMIT).await?;
    let alerts = async || {
        rig.read("ops-alerts")
            .await
            .is_ok_and(|alerts| alerts.len() == 1)
            .then_some(())
    };
    wait::until("the alert that goes with it", LIMIT, alerts).await?;

    let calls = rig.sinks.calls();
    ensure!(
        calls.iter().all(|call| call.output.id == calls[0].output.id),
        "one dead letter: {calls:?}"
    );
    let taken: Vec<&Call> = calls.iter().filter(|call| call.taken).collect();
    let letter = Letter::of(std::str::from_utf8(&taken[0].output.data)?)?;
    ensure!(letter.original == b"\xff first", "{letter:?}");
    println!(
        "2 kills, 1 event, {refused} refusals of its dead letter, {} dead letters taken, 0 lost",
        taken.len()
    );
    Ok(())
}
