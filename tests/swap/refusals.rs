//! A bad file: the current policy stays, and the reason is shown.

use std::fs;

use serde_json::json;
use tidegate_harness::wait;
use tidegate_tests::{event, guest};

use crate::rig::{Rig, digest};

fn read(name: &str) -> Vec<u8> {
    fs::read(guest(name)).expect("readable")
}

/// A name, what the file holds, and how the reason begins.
fn bad_files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let calm = read("calm");
    vec![
        (
            "no WebAssembly",
            b"not a policy".to_vec(),
            "it cannot be loaded: this is not a WebAssembly component: it does not begin as WebAssembly does",
        ),
        (
            "a core module",
            b"\0asm\x01\0\0\0".to_vec(),
            "it cannot be loaded: this is not a WebAssembly component: it is a core module; build it with `--target wasm32-wasip2`",
        ),
        (
            "cut short",
            calm[..calm.len() / 2].to_vec(),
            "it cannot be loaded: this is not a WebAssembly component: ",
        ),
        (
            "no policy",
            b"\0asm\x0d\0\x01\0".to_vec(),
            "it cannot be loaded: the policy does not export tidegate:policy/validation@0.2.0",
        ),
        ("one that traps", read("traps"), "it faults on its own examples: "),
        (
            "one that drops a type",
            read("drops-type"),
            "it no longer accepts reminder.due, which the current policy does; `policy.reload.allow_dropped` allows it",
        ),
        (
            "one with a channel without a sink",
            read("unbound"),
            "it publishes on the channel \"nowhere\", which has no sink; add it under `channels`, which replaces the defaults as a whole",
        ),
        (
            "one with alerts among its dead letters",
            read("alerts-itself"),
            "its dead letters go to 2 channels with their alerts: name each once, and at most 64",
        ),
    ]
}

#[tokio::test]
async fn a_bad_file_never_takes_over() {
    let rig = Rig::start("refused", &read("calm"), &[]).await;
    for (number, (name, bytes, says)) in bad_files().into_iter().enumerate() {
        rig.put(&bytes);
        let why = rig.until_refused_for(&bytes).await;
        assert!(why.starts_with(says), "{name}: {why}");
        assert_eq!(rig.loads().await.1, number as u64 + 1, "{name}");
        rig.gate.send("task-events", event(&format!("e-{number}")).as_bytes());
        let processed = rig.gate.processed("task-events", number + 1).await;
        assert_eq!(
            processed[number]["delivery"]["policy"],
            digest(&read("calm")),
            "{name}: the last good one goes on"
        );
    }
    let log = rig.gate.log();
    assert!(
        log.contains("the policy's file is refused") && log.contains("it no longer accepts reminder.due"),
        "{log}"
    );

    rig.put(&read("calm-next"));
    let found = rig.until_current(&read("calm-next")).await;
    assert_eq!(found["reload"], json!({ "state": "ready" }), "a good file takes over");
}

#[tokio::test]
async fn a_version_that_is_accepted_must_stay_accepted_unless_it_may_be_dropped() {
    let rig = Rig::start("refused-version", &read("calm-next"), &[]).await;
    rig.put(&read("calm"));
    let why = rig.until_refused().await;
    assert!(
        why.starts_with("it no longer accepts reminder.cancelled 1.1, reminder.due 1.1, "),
        "{why}"
    );

    let allowed = [("TIDEGATE_POLICY__RELOAD__ALLOW_DROPPED", "true")];
    let rig = Rig::start("allowed-version", &read("calm-next"), &allowed).await;
    for name in ["calm", "drops-type"] {
        rig.put(&read(name));
        rig.until_current(&read(name)).await;
    }
}

#[tokio::test]
async fn a_pinned_gate_takes_that_policy_and_no_other() {
    let calm = read("calm");
    let pin = digest(&calm);
    let rig = Rig::start("pinned", &calm, &[("TIDEGATE_POLICY__PIN", &pin)]).await;
    assert_eq!(rig.revisions().await["pin"], pin);
    rig.put(&read("calm-next"));
    let why = rig.until_refused().await;
    let other = digest(&read("calm-next"));
    assert_eq!(
        why,
        format!("its digest is {other}, and `policy.pin` allows {pin} alone")
    );
    rig.put(&calm);
    rig.until_current(&calm).await;
}

#[tokio::test]
async fn a_gate_that_starts_on_a_bad_policy_waits_for_a_good_one() {
    let rig = Rig::start_unready("refused-at-start", Some(b"\0asm"), &[]).await;
    rig.gate.send("task-events", event("e-1").as_bytes());
    let why = rig.until_refused().await;
    let ready = reqwest::get(rig.gate.url("/readyz")).await.expect("an answer");
    assert_eq!(ready.status(), 503);
    let problem = ready.text().await.expect("text");
    let problem: serde_json::Value = serde_json::from_str(&problem).expect("JSON");
    assert_eq!(problem["detail"], format!("no policy is loaded: {why}"));
    assert!(
        rig.gate.read("task-events")[0]["delivery"].is_null(),
        "nothing is processed"
    );
    rig.put(&read("calm"));
    rig.until_current(&read("calm")).await;
    let processed = rig.gate.processed("task-events", 1).await;
    assert_eq!(processed[0]["delivery"]["disposition"], "published");
}

#[tokio::test]
async fn a_load_in_progress_is_shown_and_delays_neither_events_nor_a_stop() {
    let rig = Rig::start("loading", &read("calm"), &[]).await;
    rig.put(&read("loops-in-prepare"));
    let compiles = async || {
        let reload = rig.revisions().await["reload"].clone();
        (reload["state"] == "loading" && reload["step"] == "compiling").then_some(reload)
    };
    let reload = wait::until("the policy to be compiled", wait::PATIENCE, compiles).await;
    assert!(reload.expect("it is seen")["since"].is_string());
    rig.gate.send("task-events", event("e-1").as_bytes());
    let processed = rig.gate.processed("task-events", 1).await;
    assert_eq!(processed[0]["delivery"]["policy"], digest(&read("calm")));
    assert_eq!(
        rig.revisions().await["reload"]["state"],
        "loading",
        "the load is still in progress"
    );
    let stopped = rig.gate.process().terminate(wait::PATIENCE).await;
    assert_eq!(stopped.expect("it ends").code(), Some(0));
    let loads = rig.gate.log().matches("the policy is loaded").count();
    assert_eq!(loads, 1, "the stop did not wait for it");
}
