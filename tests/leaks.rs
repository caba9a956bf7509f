//! Policies that come and go leave nothing behind: no thread and no memory. A program of its own with one test, so that all
//! threads and all memory of its process are those of the engine.

use std::{fs, time::Duration};

use tidegate_engine::{Context, Engine, Isolation, Options};
use tidegate_harness::wait;
use tidegate_tests::{event, guest};

const LOADS: usize = 200;
/// Files that are no policies, between the others.
const REFUSED: usize = 300;
/// A policy that is not freed takes more than a megabyte of it: all of them, ten times as much.
const GROWTH_KIB: usize = 24 << 10;

/// A number that Linux shows for this process.
fn status(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    let number = line.split_whitespace().next().expect("a number");
    number.parse().expect("a number")
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(guest(name)).expect("readable")
}

/// Loads one, has it judge, and forgets it. True when it gave a decision.
async fn come_and_go(engine: &Engine, policy: &[u8]) -> bool {
    let policy = engine.load(policy).await.expect("the policy loads");
    let now = Context::at("2026-03-01T09:30:00Z");
    policy.process(event("e-1").as_bytes(), &[], &now).await.is_ok()
}

/// One that nobody has seen: a section with a number in it is added, which nobody reads.
fn unseen(policy: &[u8], number: usize) -> Vec<u8> {
    let name = format!("{number:04}");
    [policy, &[0, 5, 4], name.as_bytes()].concat()
}

#[test]
fn two_hundred_policies_come_and_go_and_leave_nothing_behind() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(1)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let cache = tempfile::tempdir().expect("a directory");
        let engine = |isolation| {
            let options = Options {
                isolation,
                max_concurrent_calls: 8,
                cache_dir: Some(cache.path().join("cache")),
                ..Options::default()
            };
            Engine::new(options).expect("an engine")
        };
        let (kept, calm, traps, loops) = (engine(Isolation::Reuse), bytes("calm"), bytes("traps"), bytes("loops"));
        let a_round = async |number: usize| {
            assert!(come_and_go(&kept, &calm).await);
            // Engines come and go as well, each with its clock.
            let hostile = if number.is_multiple_of(2) { &traps } else { &loops };
            assert!(!come_and_go(&engine(Isolation::Fresh), hostile).await);
            if number.is_multiple_of(10) {
                assert!(come_and_go(&kept, &unseen(&calm, number)).await);
                let policy = kept.load_in_background(&unseen(&calm, 5000 + number)).await;
                policy.expect("the policy loads");
            }
        };
        for number in 0..30 {
            a_round(number).await;
        }
        let (threads, memory) = (status("Threads:"), status("VmRSS:"));
        for number in 0..LOADS / 2 {
            a_round(1000 + number).await;
        }
        for number in 0..REFUSED {
            let cut = calm.len() * number / REFUSED;
            kept.load(&calm[..cut]).await.expect_err("refused");
        }
        let ended = wait::until("the threads to end", Duration::from_secs(30), async || {
            (status("Threads:") <= threads).then_some(())
        });
        if let Err(error) = ended.await {
            panic!("{error}: {} threads, and {threads} before", status("Threads:"));
        }
        let grown = status("VmRSS:").saturating_sub(memory);
        assert!(grown < GROWTH_KIB, "{memory} KiB grew by {grown} KiB");
    });
}
