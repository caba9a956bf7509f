//! Callers that are slow, or many.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;
use tidegate_tests::{SqliteGate, Wire, event};

#[tokio::test]
async fn slow_headers_are_cut_off() {
    let gate = SqliteGate::start("slow-headers", "limits: { header_seconds: 1 }").await;
    let mut wire = Wire::open(gate.port()).await;
    let started = Instant::now();
    wire.send("GET /healthz HTTP/1.1\r\n").await;
    // One header after the other, without end.
    while started.elapsed() < Duration::from_secs(20) && wire.send("x: y\r\n").await {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    wire.closed().await;
    let took = started.elapsed();
    println!("a connection with slow headers was closed after {took:.1?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn a_connection_serves_many_requests_and_is_closed_when_idle() {
    let gate = SqliteGate::start("keep-alive", "limits: { header_seconds: 5 }").await;
    let mut wire = Wire::open(gate.port()).await;
    for number in 0..3 {
        let event = event(&format!("e-{number}"));
        wire.post("/deliver/task-events", event.len(), event.as_bytes()).await;
        assert_eq!(wire.answer().await.json(), json!({ "status": "SUCCESS" }));
    }
    wire.closed().await;
}

#[tokio::test]
async fn a_slow_body_gets_408_and_releases_its_permit() {
    let gate = SqliteGate::start("slow-body", "limits: { concurrency: 1, body_seconds: 3 }").await;
    let event = event("e-1");
    for path in ["/deliver/task-events", "/v1/validate"] {
        let mut slow = Wire::open(gate.port()).await;
        slow.post(path, event.len(), &event.as_bytes()[..40]).await;
        let answer = slow.answer().await;
        answer.assert_problem(408);

        let mut next = Wire::open(gate.port()).await;
        next.post(path, event.len(), event.as_bytes()).await;
        assert_eq!(next.answer().await.status, 200, "the permit is free again");
    }
    assert_eq!(
        gate.counted(r#"tidegate_requests_refused_total{reason="body-too-slow"}"#)
            .await,
        2
    );
}

#[tokio::test]
async fn a_caller_that_breaks_off_releases_its_permit() {
    let gate = SqliteGate::start("breaks-off", "limits: { concurrency: 1 }").await;
    let event = event("e-1");
    let mut gone = Wire::open(gate.port()).await;
    gone.post("/deliver/task-events", event.len(), &event.as_bytes()[..40])
        .await;
    gate.permits_free(0).await;
    drop(gone);
    gate.permits_free(1).await;
}

#[tokio::test]
async fn the_connection_cap_holds() {
    let limits = "limits: { connections: 4, header_seconds: 60 }";
    let gate = SqliteGate::start("connections", limits).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut wire = Wire::open(gate.port()).await;
        wire.send("GET /healthz HTTP/1.1\r\n").await;
        open.push(wire);
    }
    let mut fifth = Wire::open(gate.port()).await;
    fifth.send("GET /healthz HTTP/1.1\r\nhost: gate\r\n\r\n").await;
    assert!(fifth.is_silent(Duration::from_millis(500)).await, "four and no more");
    open.pop();
    assert_eq!(fifth.answer().await.status, 200, "once one of the four is closed");
}

#[tokio::test]
async fn half_a_request_does_not_delay_the_stop() {
    let gate = SqliteGate::start("half", "").await;
    let mut body = Wire::open(gate.port()).await;
    body.post("/deliver/task-events", 1000, b"half of it").await;
    let mut head = Wire::open(gate.port()).await;
    head.send("POST /deliver/task-events HTTP/1.1\r\n").await;
    gate.permits_free(63).await;

    let started = Instant::now();
    let process = gate.process();
    let (ended, answer) = tokio::join!(process.terminate(Duration::from_secs(20)), body.answer());
    assert_eq!(ended.expect("it ends").code(), Some(0));
    assert_eq!(answer.json(), json!({ "status": "RETRY" }));
    let took = started.elapsed();
    println!("a gate with half a request in it stopped after {took:.1?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn a_caller_that_does_not_read_its_answers_is_cut_off_and_releases_its_permit() {
    let gate = SqliteGate::start("no-reader", "limits: { concurrency: 1, body_seconds: 5 }").await;
    let large = event("e-1").replace("plants\"", &format!("plants\",\"notes\":\"{}\"", "n".repeat(900_000)));
    let head = format!(
        "POST /v1/migrate?to=1.1 HTTP/1.1\r\nhost: gate\r\ncontent-length: {}\r\n\r\n",
        large.len()
    );
    let mut reader = Wire::open(gate.port()).await;
    reader.send(format!("{head}{large}")).await;
    assert!(reader.answer().await.body.len() > 900_000);

    // Answers of more than any socket buffer holds are asked for, and none is read.
    let mut deaf = Wire::open(gate.port()).await;
    let asking = tokio::spawn(async move {
        for _ in 0..50 {
            if !deaf.send(format!("{head}{large}")).await {
                return true;
            }
        }
        false
    });
    let cut_off = tokio::time::timeout(Duration::from_secs(20), asking).await;
    let cut_off = cut_off.expect("it is closed in time").expect("it ends");
    assert!(cut_off, "the connection is closed");
    gate.permits_free(1).await;
}

#[tokio::test]
async fn without_free_file_descriptors_the_gate_waits_and_then_goes_on() {
    let gate = SqliteGate::start("descriptors", "").await;
    let id = gate.process().id().expect("it runs");
    let open = std::fs::read_dir(format!("/proc/{id}/fd")).expect("it runs").count();
    let limit = |descriptors: usize| {
        let limit = format!("--nofile={descriptors}:");
        let set = Command::new("prlimit")
            .args(["--pid", &id.to_string(), &limit])
            .status();
        assert!(set.expect("util-linux is there").success());
    };
    limit(open + 8);
    let mut connections = Vec::new();
    for _ in 0..30 {
        connections.push(Wire::open(gate.port()).await);
    }
    let process = gate.process();
    let logged = process.wait_for_log("cannot accept connections", Duration::from_secs(10));
    logged.await.expect("a line");
    let before = processor_ticks(id);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let spent = processor_ticks(id) - before;
    println!("2 s without file descriptors cost {spent} hundredths of a second");
    assert!(spent < 50, "it spins: {spent}");

    limit(1024);
    let mut last = Wire::open(gate.port()).await;
    last.send("GET /healthz HTTP/1.1\r\nhost: gate\r\n\r\n").await;
    assert_eq!(last.answer().await.status, 200, "and goes on");
    assert_eq!(gate.log().matches("cannot accept connections").count(), 1);
}

/// Processor time that a process has used, in hundredths of a second.
fn processor_ticks(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
    let after_name = stat.rsplit(')').next().expect("a name");
    let times = after_name.split_whitespace().skip(11).take(2);
    times.map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}
