//! What a swap leaves behind: nothing.
#![allow(clippy::print_stdout, reason = "counts that people want to see")]

use std::fs;

use tidegate_harness::{Process, wait};
use tidegate_tests::{Deliveries, event, guest};

use crate::rig::Rig;

/// Swaps before the gate is looked at: caches and pools are full then.
const WARM_UP: u64 = 40;
const SWAPS: u64 = 200;
/// What it may hold more in the end.
const GROWTH: u64 = 16 << 20;
/// Threads and files that it may have more: tokio's for what waits on the disk, and connections.
const FEW: usize = 8;
const MIB: u64 = 1 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_swaps_leave_no_thread_no_file_and_no_memory_behind() {
    let policies = ["calm", "calm-next"].map(|name| fs::read(guest(name)).expect("readable"));
    let env = [("TIDEGATE_POLICY__RELOAD__ALLOW_DROPPED", "true")];
    let rig = Rig::start("swap-leaks", &policies[0], &env).await;
    let load = Deliveries::start(&rig.deliver(), Some(50.0), 2, |number| event(&format!("e-{number}")));
    let swap = async |number: u64| {
        let policy = &policies[usize::from(number.is_multiple_of(2))];
        rig.put(policy);
        rig.until_current(policy).await;
    };
    let process = rig.gate.process();
    for number in 2..=WARM_UP {
        swap(number).await;
    }
    let before = Held::by(process);
    for number in WARM_UP + 1..=WARM_UP + SWAPS {
        swap(number).await;
    }
    load.stop().await;

    // The one that loads ends a moment after it has loaded.
    let ended = async || {
        let held = Held::by(process);
        (held.named("tidegate-load") == 0).then_some(held)
    };
    let after = wait::until("the last load's thread to end", wait::PATIENCE, ended).await;
    let after = after.unwrap_or_else(|error| panic!("{error}: {:?}", Held::by(process)));
    println!(
        "{SWAPS} swaps: threads {} and {}, open files {} and {}, resident memory {} and {} MiB",
        before.threads.len(),
        after.threads.len(),
        before.files,
        after.files,
        before.memory / MIB,
        after.memory / MIB
    );
    assert_eq!(after.named("tidegate-epoch"), 1, "{after:?}");
    assert!(
        after.threads.len() <= before.threads.len() + FEW,
        "{before:?}, then {after:?}"
    );
    assert!(after.files <= before.files + FEW, "{before:?}, then {after:?}");
    assert!(after.memory <= before.memory + GROWTH, "{before:?}, then {after:?}");
}

/// What a process holds.
#[derive(Debug)]
struct Held {
    threads: Vec<String>,
    files: usize,
    memory: u64,
}

impl Held {
    fn by(process: &Process) -> Self {
        Self {
            threads: process.threads().expect("threads"),
            files: process.open_files().expect("files"),
            memory: process.resident_bytes().expect("memory"),
        }
    }

    fn named(&self, name: &str) -> usize {
        self.threads.iter().filter(|thread| *thread == name).count()
    }
}
