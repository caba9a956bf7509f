//! Requests and changes of the file at the same moment: the gate ends with the policy of the file, and says so.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::{FileExt, symlink},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tidegate_harness::{Command, Dir, Process, Ready, free_port, wait};
use tidegate_tests::{dist, revisions::builtin};

use crate::files::point;
use crate::rig::{Rig, digest, policy, variant};

/// A gate whose policy is a link to `first`, beside `second` and `bad`.
async fn linked(name: &str) -> Rig {
    let rig = Rig::start_unready(name, None, &[]).await;
    let files = [
        ("first", policy()),
        ("second", variant("second")),
        ("bad", b"not a policy".to_vec()),
    ];
    for (name, bytes) in files {
        fs::write(rig.dir.path().join(name), bytes).expect("written");
    }
    point(&rig.path, "first");
    rig.until_current(&policy()).await;
    rig
}

/// Waits until this policy decides and the file is not refused.
async fn until_ready(rig: &Rig, policy: &[u8]) {
    let ready = async || {
        let found = rig.revisions().await;
        (found["current"] == digest(policy) && found["reload"] == json!({ "state": "ready" })).then_some(())
    };
    if wait::until("the gate to follow its file", wait::PATIENCE, ready)
        .await
        .is_err()
    {
        panic!("{:#}", rig.revisions().await);
    }
}

#[tokio::test]
async fn a_file_that_is_put_back_right_after_a_request_decides_again() {
    let rig = linked("race-back").await;
    for _ in 0..5 {
        point(&rig.path, "second");
        let (status, answer) = rig.post("/admin/reload", "").await;
        assert_eq!(
            (status, &answer["current"]),
            (StatusCode::OK, &json!(digest(&variant("second"))))
        );
        point(&rig.path, "first");
        until_ready(&rig, &policy()).await;
    }
}

#[tokio::test]
async fn a_refusal_on_request_goes_when_the_good_file_is_put_back() {
    let rig = linked("race-bad").await;
    for _ in 0..5 {
        point(&rig.path, "bad");
        let (status, problem) = rig.post("/admin/reload", "").await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        point(&rig.path, "first");
        until_ready(&rig, &policy()).await;

        fs::remove_file(&rig.path).expect("removed");
        let (status, problem) = rig.post("/admin/reload", "").await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        symlink("first", &rig.path).expect("linked");
        until_ready(&rig, &policy()).await;
    }
}

#[tokio::test]
async fn of_two_promotions_at_once_one_takes_over() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("shadow.wasm");
    let shadow = variant("shadow");
    fs::write(&path, &shadow).expect("written");
    let env = [("TIDEGATE_POLICY__SHADOW__PATH", path.to_str().expect("text"))];
    let rig = Rig::start("race-promote", &policy(), &env).await;
    let answers = join_all((0..8).map(|_| rig.post("/admin/promote", ""))).await;
    let (promoted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(status, _)| *status == StatusCode::OK);
    assert_eq!(promoted.len(), 1, "{promoted:?}");
    for (status, problem) in refused {
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        let detail = problem["detail"].as_str().expect("a text");
        assert!(
            detail.starts_with("the shadow policy is the current policy"),
            "{detail}"
        );
    }
    let found = rig.until_current(&shadow).await;
    assert_eq!(found["revisions"].as_array().map(Vec::len), Some(2), "{found:#}");
    let (_, answer) = rig.post("/admin/rollback", "").await;
    assert_eq!(answer["to"], digest(&policy()), "{answer}");
}

#[tokio::test]
async fn a_policy_that_was_loaded_twice_is_rolled_back_for_good() {
    let rig = Rig::start("race-twice", &policy(), &[]).await;
    for next in [variant("next"), policy()] {
        rig.put(&next);
        rig.until_current(&next).await;
    }
    let (_, answer) = rig.post("/admin/rollback", "").await;
    assert_eq!(answer["to"], digest(&variant("next")), "{answer}");
    let why = rig.until_refused_for(&policy()).await;
    assert!(why.starts_with("this very file was rolled back at "), "{why}");

    let (status, problem) = rig.post("/admin/rollback", "").await;
    assert_eq!(status, StatusCode::CONFLICT, "it does not go back to it: {problem}");
    rig.assert_current(&variant("next")).await;

    let chosen = json!({ "digest": digest(&policy()) }).to_string();
    let (status, answer) = rig.post("/admin/rollback", &chosen).await;
    assert_eq!(status, StatusCode::OK, "a person may choose it: {answer}");
    until_ready(&rig, &policy()).await;
    let (status, answer) = rig.post("/admin/reload", "").await;
    assert_eq!(
        (status, &answer["reload"]),
        (StatusCode::OK, &json!({ "state": "ready" }))
    );
}

/// Writes the first byte of a file again and again, until it is dropped.
struct Writer {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Several: when one stalls, the others go on.
    fn many(path: &Path) -> [Self; 3] {
        [(); 3].map(|()| Self::start(path))
    }

    fn start(path: &Path) -> Self {
        let (path, is_over) = (path.to_owned(), Arc::new(AtomicBool::new(false)));
        let until = is_over.clone();
        let write = move || {
            let file = OpenOptions::new().write(true).read(true).open(path).expect("there");
            let mut byte = [0];
            file.read_exact_at(&mut byte, 0).expect("readable");
            while !until.load(Ordering::Relaxed) {
                file.write_all_at(&byte, 0).expect("writable");
                std::thread::yield_now();
            }
        };
        Self {
            is_over,
            thread: Some(std::thread::spawn(write)),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let joined = self.thread.take().map(JoinHandle::join);
        assert!(joined.is_none_or(|joined| joined.is_ok()), "the writer works");
    }
}

fn detail(problem: &Value) -> &str {
    problem["detail"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_file_that_keeps_changing_is_refused_on_request_until_it_stops() {
    let dir = tempfile::tempdir().expect("a directory");
    let shadow = dir.path().join("shadow.wasm");
    fs::write(&shadow, large()).expect("written");
    let env = [("TIDEGATE_POLICY__SHADOW__PATH", shadow.to_str().expect("text"))];
    let rig = Rig::start("race-changing", &policy(), &env).await;
    fs::write(&rig.path, large()).expect("written");
    for (file, path) in [(&rig.path, "/admin/reload"), (&shadow, "/admin/promote")] {
        let writers = Writer::many(file);
        let (status, problem) = rig.post(path, "").await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        assert!(detail(&problem).contains("it keeps changing"), "{problem}");
        drop(writers);
    }
    let (_, refused) = rig.loads().await;
    assert!(refused < 10, "refused {refused} times");
    assert!(rig.gate.log().lines().count() < 100, "{}", rig.gate.log());
    rig.put(&variant("whole"));
    until_ready(&rig, &variant("whole")).await;
}

#[tokio::test]
async fn a_file_that_is_replaced_while_it_is_compiled_on_request_is_read_again() {
    let cache = tempfile::tempdir().expect("a directory");
    let env = [
        ("TIDEGATE_POLICY__CACHE_DIR", cache.path().to_str().expect("text")),
        ("TIDEGATE_POLICY__RELOAD__ENABLED", "false"),
        ("TIDEGATE_POLICY__RELOAD__ALLOW_DROPPED", "true"),
    ];
    let rig = Rig::start("race-compile", &policy(), &env).await;
    // Compiling it takes seconds.
    rig.put(&builtin());
    let requested = rig.post("/admin/reload", "");
    let replaced = async {
        let compiling = async || (rig.revisions().await["reload"]["step"] == "compiling").then_some(());
        wait::until("the file to be compiled", wait::PATIENCE, compiling)
            .await
            .expect("it is");
        rig.put(&variant("replaced"));
    };
    let ((status, answer), ()) = tokio::join!(requested, replaced);
    assert_eq!(
        (status, &answer["current"]),
        (StatusCode::OK, &json!(digest(&variant("replaced")))),
        "{answer}"
    );
}

#[tokio::test]
async fn a_gate_can_be_stopped_while_the_file_that_it_starts_on_keeps_changing() {
    let dir = Dir::new("race-start").expect("a directory");
    let path = dir.path().join("policy.wasm");
    fs::write(&path, large()).expect("written");
    let writers = Writer::many(&path);
    let port = free_port().to_string();
    let listen = format!("127.0.0.1:{port}");
    let ready = Ready::Log("loading the policy".to_owned());
    let command = Command::new("gate", &dist("tidegate"), dir.service("gate").expect("made"), ready)
        .args(["serve"])
        .env(&[
            ("TIDEGATE_POLICY", path.to_str().expect("text")),
            ("TIDEGATE_LISTEN", &listen),
            ("TIDEGATE_ADMIN__LISTEN", "127.0.0.1:0"),
        ]);
    let gate = Process::start(command).await.expect("it starts");
    let stopped = gate.terminate(wait::PATIENCE).await.expect("it ends");
    assert_eq!(stopped.code(), Some(0));
    drop(writers);
    let log = fs::read_to_string(gate.log()).expect("a log");
    assert!(log.contains("stopped before the policy was loaded"), "{log}");
}

/// Megabytes that are no policy. Times of files are of some milliseconds' precision, and reading it takes longer.
fn large() -> Vec<u8> {
    vec![b'x'; 48 << 20]
}
