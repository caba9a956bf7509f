//! How a gate starts, reports its status, and stops. An app of the harness plays the sidecar: it is as slow as the test
//! wants.

use std::time::{Duration, Instant};

use serde_json::json;
use tidegate_harness::{App, Proxy, Reply, wait};
use tidegate_tests::{
    Answer, SqliteGate, TASKS, Wire, dist, event,
    revisions::{builtin, digest},
    tidegate,
};

const DELIVER: &str = "/deliver/task-events";
const STATE: &str = "/v1.0/state/statestore";
const READY: &str = "/v1.0/healthz/outbound";

/// A gate on the `dapr` backend; `port` is that of its sidecar.
async fn behind(port: u16, name: &str, config: &str) -> SqliteGate {
    let config = format!("backend: dapr\ndapr: {{ endpoint: \"http://127.0.0.1:{port}\" }}\n{config}");
    SqliteGate::start(name, &config).await
}

/// A gate whose claims fail, as late as the test wants: a proxy can delay the answers.
async fn claims_fail(name: &str, config: &str) -> (App, Proxy, SqliteGate) {
    let sidecar = App::start([]).await.expect("an app");
    sidecar.answer(STATE, [Reply::status(500)]);
    let proxy = Proxy::start(sidecar.port()).await.expect("a proxy");
    let gate = behind(proxy.port(), name, config).await;
    (sidecar, proxy, gate)
}

async fn get(gate: &SqliteGate, path: &str) -> Answer {
    let mut wire = Wire::open(gate.port()).await;
    wire.send(format!("GET {path} HTTP/1.1\r\nhost: gate\r\n\r\n")).await;
    wire.answer().await
}

async fn deliver(gate: &SqliteGate, event: &str) -> Wire {
    let mut wire = Wire::open(gate.port()).await;
    wire.post(DELIVER, event.len(), event.as_bytes()).await;
    wire
}

#[tokio::test]
async fn a_graceful_shutdown_is_visible_and_finishes_what_is_in_flight() {
    let (sidecar, proxy, gate) = claims_fail("draining", "").await;
    proxy.hold_answers();
    let mut in_flight = deliver(&gate, &event("e-1")).await;
    sidecar.wait_for(STATE, 1).await.expect("the claim is asked for");

    let process = gate.process();
    let watch = async {
        let seen = async || Some(get(&gate, "/healthz").await).filter(|answer| answer.status != 200);
        let healthz = wait::until("the stop to be visible", wait::PATIENCE, seen).await;
        healthz.expect("it is visible").assert_problem(503);
        get(&gate, "/readyz").await.assert_problem(503);
        let late = deliver(&gate, &event("e-2")).await.answer().await;
        assert_eq!(late.json(), json!({ "status": "RETRY" }));
        let status = gate.status().await;
        assert_eq!(
            (&status["stopping"], &status["deliveries_in_flight"]),
            (&json!(true), &json!(1))
        );
        proxy.release();
        let answer = in_flight.answer().await;
        assert_eq!(answer.status, 200, "what was in flight is answered");
        Instant::now()
    };
    let (ended, drained) = tokio::join!(process.terminate(Duration::from_secs(20)), watch);
    assert_eq!(ended.expect("it ends").code(), Some(0));
    println!("the gate ended {:.1?} after the last answer", drained.elapsed());
    assert!(drained.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_delivery_that_takes_too_long_is_answered_retry_and_goes_on() {
    let limits = "limits: { request_seconds: 1, concurrency: 1 }";
    let (_sidecar, proxy, gate) = claims_fail("overdue", limits).await;
    proxy.hold_answers();
    let started = Instant::now();
    let answer = deliver(&gate, &event("e-1")).await.answer().await;
    assert_eq!(answer.json(), json!({ "status": "RETRY" }));
    println!("an overdue delivery was answered RETRY after {:.1?}", started.elapsed());
    let status = gate.status().await;
    assert_eq!(
        (&status["permits"]["free"], &status["deliveries_in_flight"]),
        (&json!(0), &json!(1)),
        "it goes on"
    );
    proxy.release();
    gate.permits_free(1).await;
    let requeued = r#"tidegate_deliveries_total{topic="task-events",disposition="requeued",reason=""}"#;
    assert_eq!(gate.counted(requeued).await, 1, "to its end");

    proxy.hold_answers();
    let mut service = Wire::open(gate.port()).await;
    let draft = br#"{"event_type":"task.created","task_id":1,"user_id":"user-1","payload":{}}"#;
    service.post("/v1/events", draft.len(), draft).await;
    let answer = service.answer().await;
    answer.assert_problem(503);
    assert_eq!(answer.headers["retry-after"], "1");
    let overdue = r#"tidegate_requests_refused_total{reason="overdue"}"#;
    assert_eq!(gate.counted(overdue).await, 2);
}

#[tokio::test]
async fn a_gate_is_ready_when_its_sidecar_is() {
    let sidecar = App::start([]).await.expect("an app");
    let gate = behind(sidecar.port(), "sidecar-ready", "").await;
    let becomes = async |status: u16, detail: &str| {
        let is = async || {
            let answer = get(&gate, "/readyz").await;
            (answer.status == status && String::from_utf8_lossy(&answer.body).contains(detail)).then_some(answer)
        };
        let answer = wait::until("readiness to change", wait::PATIENCE, is).await;
        answer.expect("it changes")
    };
    sidecar.answer(
        READY,
        [Reply::text(500, r#"{"errorCode":"ERR_OUTBOUND_HEALTH_NOT_READY"}"#)],
    );
    becomes(503, "ERR_OUTBOUND").await.assert_problem(503);
    assert_eq!(get(&gate, "/healthz").await.status, 200, "alive all the same");

    sidecar.answer(READY, [Reply::status(204)]);
    becomes(200, "").await;
    // It hangs, and does not hang the probe.
    sidecar.answer(READY, [Reply::status(204).after(wait::PATIENCE * 2)]);
    becomes(503, "").await;
    sidecar.answer(READY, [Reply::status(204)]);
    becomes(200, "").await;

    let before = sidecar.received(READY).len();
    let started = Instant::now();
    for _ in 0..100 {
        get(&gate, "/readyz").await;
    }
    let asked = sidecar.received(READY).len() - before;
    let most = usize::try_from(started.elapsed().as_secs()).unwrap_or(usize::MAX) + 2;
    println!(
        "100 probes in {:.1?} asked the sidecar {asked} times",
        started.elapsed()
    );
    assert!(asked <= most, "{asked}");
}

#[tokio::test]
async fn the_admin_listener_reports_the_status_and_is_for_this_machine() {
    let gate = SqliteGate::start("admin", "").await;
    let status = gate.status().await;
    assert_eq!(status["stopping"], false);
    assert_eq!(status["backend"], "sqlite");
    let revision = &status["revision"];
    assert_eq!(revision["name"], "tidegate-tasks");
    assert!(revision["version"].is_string(), "{revision}");
    assert!(
        revision["load_milliseconds"].is_u64() && revision["cached"].is_boolean(),
        "{revision}"
    );
    assert_eq!(revision["digest"], digest(&builtin()));
    assert_eq!(status["scheduled_retries"], 0);
    assert_eq!(status["permits"], json!({ "total": 64, "free": 64 }));
    assert_eq!(status["deliveries_in_flight"], 0);

    assert_eq!(
        get(&gate, "/admin/status").await.status,
        404,
        "not on the public listener"
    );
    let schema: serde_json::Value = serde_json::from_str(&tidegate(&["config-schema"], b"").out).expect("JSON");
    assert_eq!(schema["properties"]["admin"]["default"]["listen"], "127.0.0.1:8081");
    let log = gate.log();
    assert!(
        log.contains(&format!("127.0.0.1:{}", gate.admin_port())),
        "the log names the address"
    );
}

#[tokio::test]
async fn a_taken_admin_port_is_named_and_null_turns_it_off() {
    let gate = SqliteGate::start("admin-taken", "").await;
    let policy = dist("policy.wasm").display().to_string();
    let start = |admin: &str| {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("gate.yaml");
        let data = dir.path().join("events.db").display().to_string();
        let config = format!(
            "{TASKS}listen: 127.0.0.1:0\nadmin: {{ listen: {admin} }}\nsqlite: {{ path: {data:?} }}\n\
             policy: {{ path: {policy:?}, target_version: none-such }}\n"
        );
        std::fs::write(&file, config).expect("writable");
        tidegate(&["serve", "--config", &file.display().to_string()], b"")
    };
    let taken = start(&format!("\"127.0.0.1:{}\"", gate.admin_port()));
    assert_eq!(taken.code, 3);
    assert!(
        taken.err.contains("Set `admin.listen` to another address"),
        "{}",
        taken.err
    );
    let off = start("null");
    assert!(off.err.contains("has no such version"), "it gets further: {}", off.err);
    assert!(!off.err.contains("admin.listen"), "{}", off.err);
}
