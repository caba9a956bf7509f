//! How a gate comes up, says how it is, and goes. An app of the harness stands where the sidecar would: it is as slow
//! as the test wants.

use std::time::{Duration, Instant};

use serde_json::json;
use tidegate_harness::{App, Proxy, Reply, wait};
use tidegate_tests::{Answer, Embedded, Wire, dist, event, tidegate};

const DELIVER: &str = "/deliver/task-events";
const STATE: &str = "/v1.0/state/statestore";
const READY: &str = "/v1.0/healthz/outbound";

/// A gate on the Dapr backend, with the port of what it takes for its sidecar.
async fn behind(port: u16, name: &str, config: &str) -> Embedded {
    let config = format!("backend: dapr\ndapr: {{ endpoint: \"http://127.0.0.1:{port}\" }}\n{config}");
    Embedded::start(name, &config).await
}

/// A gate whose claims fail, as late as the test wants: a proxy can keep the answers.
async fn claims_fail(name: &str, config: &str) -> (App, Proxy, Embedded) {
    let sidecar = App::start([]).await.expect("an app");
    sidecar.answer(STATE, [Reply::status(500)]);
    let proxy = Proxy::start(sidecar.port()).await.expect("a proxy");
    let embedded = behind(proxy.port(), name, config).await;
    (sidecar, proxy, embedded)
}

async fn get(embedded: &Embedded, path: &str) -> Answer {
    let mut wire = Wire::open(embedded.gate.port()).await;
    wire.send(format!("GET {path} HTTP/1.1\r\nhost: gate\r\n\r\n")).await;
    wire.answer().await
}

async fn deliver(embedded: &Embedded, event: &str) -> Wire {
    let mut wire = Wire::open(embedded.gate.port()).await;
    wire.post(DELIVER, event.len(), event.as_bytes()).await;
    wire
}

#[tokio::test]
async fn draining_is_visible_and_what_is_in_flight_is_finished() {
    let (sidecar, proxy, embedded) = claims_fail("draining", "").await;
    proxy.hold_answers();
    let mut in_flight = deliver(&embedded, &event("e-1")).await;
    sidecar.wait_for(STATE, 1).await.expect("the claim is asked for");

    let process = embedded.gate.process();
    let watch = async {
        let seen = async || Some(get(&embedded, "/healthz").await).filter(|answer| answer.status != 200);
        let healthz = wait::until("the stop to be seen", wait::PATIENCE, seen).await;
        healthz.expect("it is seen").assert_problem(503);
        get(&embedded, "/readyz").await.assert_problem(503);
        let late = deliver(&embedded, &event("e-2")).await.answer().await;
        assert_eq!(late.json(), json!({ "status": "RETRY" }));
        let status = embedded.status().await;
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
async fn a_delivery_that_takes_too_long_is_told_to_come_again_and_goes_on() {
    let limits = "limits: { request_seconds: 1, concurrency: 1 }";
    let (_sidecar, proxy, embedded) = claims_fail("overdue", limits).await;
    proxy.hold_answers();
    let started = Instant::now();
    let answer = deliver(&embedded, &event("e-1")).await.answer().await;
    assert_eq!(answer.json(), json!({ "status": "RETRY" }));
    println!("an overdue delivery was told RETRY after {:.1?}", started.elapsed());
    let status = embedded.status().await;
    assert_eq!(
        (&status["places"]["free"], &status["deliveries_in_flight"]),
        (&json!(0), &json!(1)),
        "it goes on"
    );
    proxy.release();
    embedded.places_free(1).await;
    let ended = r#"tidegate_deliveries_total{topic="task-events",end="again"}"#;
    assert_eq!(embedded.counted(ended).await, 1, "to its end");

    proxy.hold_answers();
    let mut service = Wire::open(embedded.gate.port()).await;
    let draft = br#"{"event_type":"task.created","task_id":1,"user_id":"user-1","payload":{}}"#;
    service.post("/v1/events", draft.len(), draft).await;
    let answer = service.answer().await;
    answer.assert_problem(503);
    assert_eq!(answer.headers["retry-after"], "1");
    let overdue = r#"tidegate_requests_refused_total{reason="overdue"}"#;
    assert_eq!(embedded.counted(overdue).await, 2);
}

#[tokio::test]
async fn a_gate_is_ready_when_its_sidecar_is() {
    let sidecar = App::start([]).await.expect("an app");
    let embedded = behind(sidecar.port(), "sidecar-ready", "").await;
    let becomes = async |status: u16, detail: &str| {
        let is = async || {
            let answer = get(&embedded, "/readyz").await;
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
    assert_eq!(get(&embedded, "/healthz").await.status, 200, "alive all the same");

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
        get(&embedded, "/readyz").await;
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
async fn the_admin_listener_says_how_the_gate_is_and_is_for_this_machine() {
    let embedded = Embedded::start("admin", "").await;
    let status = embedded.status().await;
    assert_eq!(status["stopping"], false);
    assert_eq!(status["backend"], "local");
    assert_eq!(status["revision"]["number"], 1);
    let policy = &status["revision"]["policy"];
    assert_eq!(policy["name"], "tidegate-tasks");
    assert!(policy["version"].is_string() && policy["load_milliseconds"].is_u64() && policy["cached"].is_boolean());
    assert!(policy["digest"].to_string().contains("sha256:"), "{policy}");
    assert_eq!(status["places"], json!({ "total": 64, "free": 64 }));
    assert_eq!(status["deliveries_in_flight"], 0);

    assert_eq!(
        get(&embedded, "/admin/status").await.status,
        404,
        "not where everybody may ask"
    );
    let schema: serde_json::Value = serde_json::from_str(&tidegate(&["config-schema"], b"").out).expect("JSON");
    assert_eq!(schema["properties"]["admin"]["default"]["listen"], "127.0.0.1:8081");
    let log = embedded.log();
    assert!(
        log.contains(&format!("127.0.0.1:{}", embedded.admin_port())),
        "the log names the address"
    );
}

#[tokio::test]
async fn a_taken_admin_port_is_named_and_null_turns_it_off() {
    let embedded = Embedded::start("admin-taken", "").await;
    let policy = dist("policy.wasm").display().to_string();
    let start = |admin: &str| {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("gate.yaml");
        let data = dir.path().join("events.db").display().to_string();
        let config = format!(
            "listen: 127.0.0.1:0\nadmin: {{ listen: {admin} }}\nlocal: {{ path: {data:?} }}\n\
             policy: {{ path: {policy:?}, target_version: none-such }}\n"
        );
        std::fs::write(&file, config).expect("writable");
        tidegate(&["serve", "--config", &file.display().to_string()], b"")
    };
    let taken = start(&format!("\"127.0.0.1:{}\"", embedded.admin_port()));
    assert_eq!(taken.code, 3);
    assert!(
        taken.err.contains("Set `admin.listen` to another address"),
        "{}",
        taken.err
    );
    let off = start("null");
    assert!(off.err.contains("has no such version"), "it comes further: {}", off.err);
    assert!(!off.err.contains("admin.listen"), "{}", off.err);
}
