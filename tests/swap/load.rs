//! Swaps during a constant load, between the policy of the repository and the one of `examples/next-policy`, which lets
//! tasks out as version 1.2.
#![allow(clippy::print_stdout, reason = "counts that people want to see")]

use std::time::Instant;

use serde_json::Value;
use tidegate_harness::wait;
use tidegate_tests::{
    Deliveries,
    revisions::{Found, Swap, Versions, builtin, compile_both, digest, next, numbered},
};

use crate::{
    rig::Rig,
    ways::{Way, write_slowly},
};

const SWAPS: u64 = 50;
const KILLS: u64 = 12;
/// Deliveries a second: a fraction of what one gate can take.
const RATE: f64 = 250.0;
const CONNECTIONS: usize = 8;

/// The policy of the repository accepts less than the other one.
const BOTH_WAYS: (&str, &str) = ("TIDEGATE_POLICY__RELOAD__ALLOW_DROPPED", "true");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_swaps_under_load_lose_nothing_and_every_output_is_of_one_policy() {
    compile_both();
    let policies = [builtin(), next()];
    let rig = Rig::start("swap-load", &policies[0], &[BOTH_WAYS]).await;
    let started = Instant::now();
    let load = Deliveries::start(&rig.deliver(), Some(RATE), CONNECTIONS, numbered);
    let mut swaps = vec![Swap {
        digest: digest(&policies[0]),
        begun: started,
        over: started,
    }];
    load.more(20).await;
    for number in 2..=SWAPS + 1 {
        let policy = &policies[usize::from(number.is_multiple_of(2))];
        let begun = Instant::now();
        Way::of(number).put(&rig, number, policy).await;
        rig.until_current(policy).await;
        swaps.push(Swap {
            digest: digest(policy),
            begun,
            over: Instant::now(),
        });
    }
    load.more(20).await;
    let delivered = load.stop().await;
    let took = started.elapsed();

    let refused: Vec<_> = delivered
        .iter()
        .filter(|delivered| !delivered.refusals.is_empty())
        .collect();
    assert!(
        refused.is_empty(),
        "every delivery is acknowledged at the first attempt: {refused:#?}"
    );
    let found = Found::read(|topic| rig.gate.read(topic));
    assert_eq!(found.assert_all(&delivered), 0, "each event ends once");
    found.assert_decided_by(&delivered, &swaps);
    let versions = Versions::new([]);
    found
        .outputs
        .iter()
        .for_each(|output| versions.assert_one_policy(output));
    let by_each = versions.assert_each_accepts_its_own(&found.outputs);
    assert!(by_each.iter().all(|count| *count > 100), "{by_each:?}");
    assert_eq!(rig.loads().await.0, SWAPS + 1, "one revision for each swap");
    println!(
        "{SWAPS} swaps in {took:.1?}, {} deliveries: 0 refused, 0 lost, 0 repeats; {} outputs of 1.1, {} of 1.2",
        delivered.len(),
        by_each[0],
        by_each[1]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_in_the_midst_of_swaps_lose_nothing() {
    compile_both();
    let policies = [builtin(), next()];
    let env = [BOTH_WAYS, ("TIDEGATE_CLAIMS__LEASE_MS", "300")];
    let rig = Rig::start("swap-kills", &policies[0], &env).await;
    let load = Deliveries::start(&rig.deliver(), Some(RATE), CONNECTIONS, numbered);
    for number in 1..=KILLS {
        let policy = &policies[usize::from(!number.is_multiple_of(2))];
        load.more(20).await;
        match number % 4 {
            0 => kill_before_the_file_is_whole(&rig, policy).await,
            moment => {
                rig.put(policy);
                if moment > 1 {
                    until_loading(&rig, &digest(policy), moment == 3).await;
                }
                rig.gate.process().kill9();
                rig.restart().await;
            }
        }
        rig.until_current(policy).await;
    }
    load.more(20).await;
    let delivered = load.stop().await;

    let found = Found::read(|topic| rig.gate.read(topic));
    let repeats = found.assert_all(&delivered);
    let versions = Versions::new([]);
    found
        .outputs
        .iter()
        .for_each(|output| versions.assert_one_policy(output));
    let by_each = versions.assert_each_accepts_its_own(&found.outputs);
    println!(
        "{KILLS} kills in {KILLS} swaps, {} deliveries: {repeats} repeats, 0 lost; {} outputs of 1.1, {} of 1.2",
        delivered.len(),
        by_each[0],
        by_each[1]
    );
}

/// Waits until the file is being loaded, or, with `to_the_end`, until it has taken over.
async fn until_loading(rig: &Rig, digest: &str, to_the_end: bool) {
    let reached = async || {
        let found: Value = rig.revisions().await;
        let is_current = found["current"] == digest;
        (is_current || (!to_the_end && found["reload"]["state"] == "loading")).then_some(())
    };
    let reached = wait::until("the file to be loaded", wait::PATIENCE, reached).await;
    reached.expect("it is loaded");
}

/// Kills the gate and starts it again while its policy is written.
async fn kill_before_the_file_is_whole(rig: &Rig, policy: &[u8]) {
    let writer = write_slowly(&rig.path, policy);
    let killer = async {
        rig.gate.process().kill9();
        rig.restart().await;
    };
    tokio::join!(writer, killer);
}
