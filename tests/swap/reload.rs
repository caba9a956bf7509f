//! The file is read now, on request: over HTTP, by the command, and by SIGHUP.

use std::fs;

use reqwest::StatusCode;
use serde_json::json;
use tidegate_harness::{Dir, wait};
use tidegate_tests::{Finished, event, tidegate};

use crate::rig::{Rig, digest, policy, variant};

/// Changes of the file take over on request only.
const NOT_FOLLOWED: [(&str, &str); 1] = [("TIDEGATE_POLICY__RELOAD__ENABLED", "false")];

#[tokio::test]
async fn a_request_lets_the_file_take_over_at_once() {
    let rig = Rig::start("reload-request", &policy(), &NOT_FOLLOWED).await;
    let next = variant("next");
    rig.put(&next);
    let (status, answer) = rig.post("/admin/reload", "").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(
        answer,
        json!({ "current": digest(&next), "reload": { "state": "off" } })
    );
    let found = rig.revisions().await;
    assert_eq!(found["revisions"][0]["by"], "request", "{found:#}");
    rig.gate.send("task-events", event("e-1").as_bytes());
    let processed = rig.gate.processed("task-events", 1).await;
    assert_eq!(processed[0]["delivery"]["policy"], digest(&next));

    let (status, _) = rig.post("/admin/reload", "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(rig.loads().await, (2, 0), "the same file is no new revision");
}

#[tokio::test]
async fn a_request_works_beside_a_gate_that_follows_its_file() {
    let rig = Rig::start("reload-followed", &policy(), &[]).await;
    for number in 0..5 {
        let next = variant(&format!("number {number}"));
        rig.put(&next);
        let (status, answer) = rig.post("/admin/reload", "").await;
        assert_eq!((status, &answer["current"]), (StatusCode::OK, &json!(digest(&next))));
    }
    rig.until_current(&variant("number 4")).await;
    assert_eq!(rig.loads().await, (6, 0), "none is loaded twice");
}

#[tokio::test]
async fn a_bad_file_is_refused_with_the_reason_and_the_policy_stays() {
    for (name, env) in [("reload-bad", &NOT_FOLLOWED[..]), ("reload-bad-followed", &[])] {
        let rig = Rig::start(name, &policy(), env).await;
        rig.put(b"not a policy");
        let (status, problem) = rig.post("/admin/reload", "").await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        assert_eq!(problem["title"], "the policy is refused");
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.contains("this is not a WebAssembly component"), "{detail}");
        assert_eq!(rig.until_refused().await, detail, "the status has the same reason");
        rig.assert_current(&policy()).await;

        fs::remove_file(&rig.path).expect("removed");
        let (status, problem) = rig.post("/admin/reload", "").await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        rig.put(&variant("good again"));
        let (status, _) = rig.post("/admin/reload", "").await;
        assert_eq!(status, StatusCode::OK);
        rig.until_current(&variant("good again")).await;
    }
}

#[tokio::test]
async fn a_policy_that_was_rolled_back_is_refused_until_a_person_chooses_it() {
    for (name, env, idle) in [
        ("reload-denied", &NOT_FOLLOWED[..], "off"),
        ("reload-denied-followed", &[], "ready"),
    ] {
        let rig = Rig::start(name, &policy(), env).await;
        let next = variant("next");
        rig.put(&next);
        rig.post("/admin/reload", "").await;
        let (status, answer) = rig.post("/admin/rollback", "").await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (status, problem) = rig.post("/admin/reload", "").await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.starts_with("this very file was rolled back at "), "{detail}");
        rig.assert_current(&policy()).await;
        assert_eq!(rig.until_refused().await, detail);

        let chosen = json!({ "digest": digest(&next) }).to_string();
        let (status, answer) = rig.post("/admin/rollback", &chosen).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(rig.until_current(&next).await["reload"], json!({ "state": idle }));
        let (status, answer) = rig.post("/admin/reload", "").await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
}

#[tokio::test]
async fn a_request_does_not_undo_a_promotion() {
    let shadow = Dir::new("reload-promoted-shadow").expect("a directory");
    let path = shadow.path().join("shadow.wasm");
    let promoted = variant("promoted");
    fs::write(&path, &promoted).expect("written");
    let path = path.to_str().expect("text");
    let rig = Rig::start("reload-promoted", &policy(), &[("TIDEGATE_POLICY__SHADOW__PATH", path)]).await;
    let (status, answer) = rig.post("/admin/promote", "").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (status, answer) = rig.post("/admin/reload", "").await;
    assert_eq!(
        (status, &answer["current"]),
        (StatusCode::OK, &json!(digest(&promoted)))
    );
    rig.assert_current(&promoted).await;
}

fn command(rig: &Rig, args: &[&str]) -> Finished {
    let admin = rig.gate.admin_url("");
    tidegate(&[&["policy", "reload", "--admin", &admin], args].concat(), b"")
}

#[tokio::test]
async fn the_command_reloads_and_its_exit_code_says_whether_the_file_is_taken() {
    let rig = Rig::start("reload-command", &policy(), &NOT_FOLLOWED).await;
    let next = variant("next");
    rig.put(&next);
    let reloaded = command(&rig, &[]);
    let says = format!("reloaded: {} decides\n", &digest(&next)["sha256:".len()..][..12]);
    assert_eq!((reloaded.code, reloaded.out, reloaded.err.as_str()), (0, says, ""));
    let reloaded = command(&rig, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&reloaded.out).expect("JSON");
    assert_eq!(json["current"], digest(&next));

    rig.put(b"not a policy");
    let refused = command(&rig, &[]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    let says = "tidegate: the policy is refused: it cannot be loaded: this is not a WebAssembly component";
    assert!(refused.err.starts_with(says), "{}", refused.err);
}

#[tokio::test]
async fn sighup_reloads_and_never_ends_the_gate() {
    let rig = Rig::start("reload-sighup", &policy(), &NOT_FOLLOWED).await;
    let process = rig.gate.process();
    let next = variant("next");
    rig.put(&next);
    process.hang_up().expect("it runs");
    rig.until_current(&next).await;

    rig.put(b"not a policy");
    process.hang_up().expect("it runs");
    let why = rig.until_refused().await;
    assert!(why.contains("this is not a WebAssembly component"), "{why}");
    rig.assert_current(&next).await;

    rig.put(&variant("good again"));
    for _ in 0..10 {
        process.hang_up().expect("it runs");
    }
    rig.until_current(&variant("good again")).await;
    rig.gate.send("task-events", event("e-1").as_bytes());
    let processed = rig.gate.processed("task-events", 1).await;
    assert_eq!(processed[0]["delivery"]["disposition"], "published", "it goes on");
    assert!(process.exit_status().is_none(), "it still runs");
    let stopped = process.terminate(wait::PATIENCE).await;
    assert_eq!(stopped.expect("it ends").code(), Some(0));
}
