//! A gate at its concurrency limit: what it answers, how fast, and at what cost. A delivery that sends half its body holds
//! the only permit for as long as the test wants.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tidegate_tests::{SqliteGate, Wire, event};

const DELIVER: &str = "/deliver/task-events";

/// A gate with one permit, and the delivery that holds it.
async fn full(name: &str) -> (SqliteGate, Wire) {
    let gate = SqliteGate::start(name, "limits: { concurrency: 1, body_seconds: 300 }").await;
    let holder = hold(&gate).await;
    (gate, holder)
}

/// Takes the only permit.
async fn hold(gate: &SqliteGate) -> Wire {
    let mut holder = Wire::open(gate.port()).await;
    let event = event("holder");
    holder.post(DELIVER, event.len(), &event.as_bytes()[..40]).await;
    gate.permits_free(0).await;
    holder
}

#[tokio::test]
async fn a_full_gate_answers_before_it_has_read_a_body() {
    let (gate, mut holder) = full("full").await;
    let mut delivery = Wire::open(gate.port()).await;
    let started = Instant::now();
    delivery.post(DELIVER, 4 << 20, b"the first bytes of many").await;
    assert_eq!(delivery.answer().await.json(), json!({ "status": "RETRY" }));
    println!(
        "a delivery at a full gate was answered RETRY after {:.1?}",
        started.elapsed()
    );

    for path in ["/v1/events", "/v1/validate", "/v1/migrate?to=1.1"] {
        let mut service = Wire::open(gate.port()).await;
        service.post(path, 4 << 20, b"the first bytes of many").await;
        let answer = service.answer().await;
        answer.assert_problem(503);
        assert_eq!(answer.headers["retry-after"], "1", "{path}");
    }
    delivery.closed().await;
    let refused = r#"tidegate_requests_refused_total{reason="full"}"#;
    assert_eq!(gate.counted(refused).await, 4);

    // A body within the limit is read and discarded: the connection can be used again.
    let mut again = Wire::open(gate.port()).await;
    let event = event("again");
    for _ in 0..2 {
        again.post(DELIVER, event.len(), event.as_bytes()).await;
        assert_eq!(again.answer().await.json(), json!({ "status": "RETRY" }));
    }

    holder.send(&tidegate_tests::event("holder").as_bytes()[40..]).await;
    assert_eq!(holder.answer().await.json(), json!({ "status": "SUCCESS" }));
    again.post(DELIVER, event.len(), event.as_bytes()).await;
    assert_eq!(again.answer().await.json(), json!({ "status": "SUCCESS" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_answered_retry_and_memory_stays_flat() {
    const CALLERS: usize = 100;
    const REQUESTS: usize = 300;
    const BODY: usize = 4 << 20;
    let (gate, holder) = full("flood").await;
    // Memory that compiling the policy has freed could hide what the flood takes.
    drop(holder);
    gate.process().restart().await.expect("it starts again");
    let _holder = hold(&gate).await;
    let before = resident(&gate);
    let body: &'static [u8] = vec![b' '; BODY].leak();
    let client = reqwest::Client::new();
    let started = Instant::now();
    let flood = async {
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..CALLERS {
            let (client, url) = (client.clone(), gate.url(DELIVER));
            callers.spawn(async move {
                for _ in 0..REQUESTS / CALLERS {
                    let answer = client.post(&url).body(body).send().await.expect("an answer");
                    let answer: Value = answer.json().await.expect("JSON");
                    assert_eq!(answer, json!({ "status": "RETRY" }));
                }
            });
        }
        callers.join_all().await;
    };
    let peak = peak_while(&gate, flood).await;
    let grown = peak.saturating_sub(before);
    println!(
        "{REQUESTS} deliveries of 4 MiB on {CALLERS} connections at a full gate: RETRY in {:.1?} for all, memory {} MiB \
         before, {grown} MiB more at its peak",
        started.elapsed(),
        before
    );
    assert!(grown < 100, "{REQUESTS} bodies would be 1200 MiB: {grown} MiB");
}

#[tokio::test]
async fn many_slow_large_bodies_cost_no_more_than_the_permits_there_are() {
    const SLOW: usize = 200;
    let gate = SqliteGate::start("slow-flood", "limits: { concurrency: 4 }").await;
    gate.process().restart().await.expect("it starts again");
    let before = resident(&gate);
    let part = vec![b' '; 4 << 20];
    let mut wires = Vec::new();
    let send = async {
        for _ in 0..SLOW {
            let mut wire = Wire::open(gate.port()).await;
            let head = format!(
                "POST {DELIVER} HTTP/1.1\r\nhost: gate\r\ncontent-length: {}\r\n\r\n",
                8 << 20
            );
            // A gate that has answered may close while the rest is being written.
            let _ = wire.send(head).await && wire.send(&part).await;
            wires.push(wire);
        }
    };
    let peak = peak_while(&gate, send).await;
    let grown = peak.saturating_sub(before);
    println!("{SLOW} connections that send 4 of 8 MiB, 4 permits: {grown} MiB more than {before} MiB at the peak");
    assert!(grown < 128, "what came is 800 MiB: {grown} MiB");
    assert_eq!(gate.status().await["permits"]["free"], 0);
}

/// What a process keeps in memory, in MiB.
fn resident(gate: &SqliteGate) -> u64 {
    let id = gate.process().id().expect("it runs");
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .expect("its memory");
    kibibytes.parse::<u64>().expect("a number") / 1024
}

/// The most that was resident while something went on.
async fn peak_while(gate: &SqliteGate, work: impl Future<Output = ()>) -> u64 {
    let done = AtomicBool::new(false);
    let watch = async {
        let mut peak = 0;
        while !done.load(Ordering::Relaxed) {
            peak = peak.max(resident(gate));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        peak.max(resident(gate))
    };
    let work = async {
        work.await;
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(watch, work).0
}
