//! Every way in which people and tools replace a file: one swap for one change, and nothing in between.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::symlink,
    time::Duration,
};

use serde_json::json;
use tidegate_harness::wait;
use tidegate_tests::{event, labels::builtin};

use crate::rig::{Rig, digest, policy, variant};

/// Polling once an hour: what is found in time, the system has told of.
const SELDOM: &[(&str, &str)] = &[("TIDEGATE_POLICY__RELOAD__POLL_MS", "3600000")];

#[tokio::test]
async fn a_renamed_file_takes_over() {
    let rig = Rig::start("swap-rename", &policy(), SELDOM).await;
    rig.gate.send("task-events", event("e-1").as_bytes());
    rig.gate.judged("task-events", 1).await;
    let next = variant("renamed");
    rig.put(&next);
    let found = rig.until_current(2).await;
    rig.gate.send("task-events", event("e-2").as_bytes());
    rig.gate.judged("task-events", 2).await;

    let [second, first] = [&found["revisions"][0], &found["revisions"][1]];
    assert_eq!((&second["state"], &second["by"]), (&json!("current"), &json!("file")));
    assert_eq!((&first["state"], &first["by"]), (&json!("kept"), &json!("start")));
    assert_eq!(first["left"]["why"], "revision 2 took over");
    let out = rig.gate.read("task-events.gated");
    let labels: Vec<_> = out
        .iter()
        .map(|record| (&record["revision"], &record["policy"]))
        .collect();
    assert_eq!(
        labels,
        [
            (&json!(1), &json!(digest(&policy()))),
            (&json!(2), &json!(digest(&next)))
        ],
        "each output names the revision that judged it"
    );
}

#[tokio::test]
async fn a_file_that_is_written_slowly_takes_over_once_it_is_whole() {
    let settle = ("TIDEGATE_POLICY__RELOAD__SETTLE_MS", "100");
    let rig = Rig::start("swap-slow", &policy(), &[SELDOM[0], settle]).await;
    let next = variant("slowly");
    let mut file = File::create(&rig.path).expect("writable");
    for part in next.chunks(next.len().div_ceil(4)) {
        file.write_all(part).expect("written");
        // Longer than it takes to settle.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(rig.revisions().await["current"], 1);
    }
    drop(file);
    let found = rig.until_current(2).await;
    assert_eq!(found["revisions"][0]["digest"], digest(&next));
    assert_eq!(
        rig.gate
            .counted("tidegate_policy_loads_total{result=\"refused\"}")
            .await,
        0,
        "half of it was never looked at"
    );
}

#[tokio::test]
async fn what_is_left_half_written_is_refused_and_the_rest_of_it_mends_it() {
    let rig = Rig::start("swap-half", &policy(), SELDOM).await;
    let next = variant("in two halves");
    let (first, second) = next.split_at(next.len() / 2);
    fs::write(&rig.path, first).expect("written");
    let why = rig.until_refused().await;
    assert!(why.contains("this is not a WebAssembly component"), "{why}");
    assert_eq!(rig.revisions().await["current"], 1);
    let mut file = fs::OpenOptions::new().append(true).open(&rig.path).expect("there");
    file.write_all(second).expect("written");
    drop(file);
    rig.until_current(2).await;
}

#[tokio::test]
async fn a_link_that_is_flipped_as_kubernetes_does_it_takes_over() {
    let (first, second) = (policy(), variant("flipped"));
    let rig = Rig::start_unready("swap-flip", None, SELDOM).await;
    let dir = rig.dir.path();
    for (version, bytes) in [("..2026_01", &first), ("..2026_02", &second)] {
        fs::create_dir(dir.join(version)).expect("made");
        fs::write(dir.join(version).join("policy.wasm"), bytes).expect("written");
    }
    let point_to = |version: &str| {
        symlink(version, dir.join("..data_tmp")).expect("linked");
        fs::rename(dir.join("..data_tmp"), dir.join("..data")).expect("renamed");
    };
    point_to("..2026_01");
    symlink("..data/policy.wasm", &rig.path).expect("linked");
    rig.until_current(1).await;

    point_to("..2026_02");
    fs::remove_dir_all(dir.join("..2026_01")).expect("removed");
    let found = rig.until_current(2).await;
    assert_eq!(found["revisions"][0]["digest"], digest(&second));
}

#[tokio::test]
async fn a_file_may_go_and_come_back() {
    let rig = Rig::start("swap-gone", &policy(), SELDOM).await;
    fs::remove_file(&rig.path).expect("removed");
    rig.gate.send("task-events", event("e-1").as_bytes());
    let judged = rig.gate.judged("task-events", 1).await;
    assert_eq!(judged[0]["delivery"]["disposition"], "forward", "what is loaded goes on");
    fs::write(&rig.path, variant("back")).expect("written");
    rig.until_current(2).await;
}

#[tokio::test]
async fn a_path_may_appear_later() {
    let rig = Rig::start_unready("swap-later", None, &[("TIDEGATE_POLICY__RELOAD__POLL_MS", "50")]).await;
    let ready = reqwest::get(rig.gate.gate.url("/readyz")).await.expect("an answer");
    assert_eq!(ready.status(), 503);
    let why = ready.text().await.expect("text");
    assert!(why.contains("no policy is loaded: the file cannot be read"), "{why}");
    rig.gate.send("task-events", event("e-1").as_bytes());
    assert!(rig.gate.read("task-events")[0]["delivery"].is_null(), "nothing is taken");

    fs::write(&rig.path, policy()).expect("written");
    rig.until_current(1).await;
    let judged = rig.gate.judged("task-events", 1).await;
    assert_eq!(judged[0]["delivery"]["disposition"], "forward", "and nothing is lost");
}

#[tokio::test]
async fn a_directory_may_be_replaced() {
    let rig = Rig::start(
        "swap-directory",
        &policy(),
        &[("TIDEGATE_POLICY__RELOAD__POLL_MS", "50")],
    )
    .await;
    fs::remove_dir_all(rig.dir.path()).expect("removed");
    fs::create_dir(rig.dir.path()).expect("made");
    fs::write(&rig.path, variant("elsewhere")).expect("written");
    rig.until_current(2).await;
    rig.put(&variant("elsewhere again"));
    rig.until_current(3).await;
}

#[tokio::test]
async fn a_change_that_the_system_does_not_tell_of_is_found_all_the_same() {
    let (first, second) = (policy(), variant("not told of"));
    let rig = Rig::start_unready("swap-poll", None, &[("TIDEGATE_POLICY__RELOAD__POLL_MS", "50")]).await;
    // The link that is flipped lies in a directory that neither the path nor the file is in.
    let dir = rig.dir.path();
    for (version, bytes) in [("1", &first), ("2", &second)] {
        fs::create_dir_all(dir.join("versions").join(version)).expect("made");
        fs::write(dir.join("versions").join(version).join("policy.wasm"), bytes).expect("written");
    }
    fs::create_dir(dir.join("links")).expect("made");
    let link = dir.join("links/now");
    symlink("../versions/1", &link).expect("linked");
    symlink("links/now/policy.wasm", &rig.path).expect("linked");
    rig.until_current(1).await;
    fs::remove_file(&link).expect("removed");
    symlink("../versions/2", &link).expect("linked");
    let found = rig.until_current(2).await;
    assert_eq!(found["revisions"][0]["digest"], digest(&second));
}

#[tokio::test]
async fn the_same_policy_again_is_no_swap() {
    let rig = Rig::start("swap-same", &policy(), SELDOM).await;
    rig.until_read_again(0).await;
    rig.put(&policy());
    rig.until_read_again(1).await;
    let file = File::open(&rig.path).expect("there");
    file.set_modified(std::time::UNIX_EPOCH).expect("touched");
    rig.until_read_again(2).await;
    rig.put(&variant("another"));
    let found = rig.until_current(2).await;
    assert_eq!(found["revisions"].as_array().map(Vec::len), Some(2), "{found:#}");
}

#[tokio::test]
async fn a_file_is_not_watched_when_reloading_is_off() {
    let off = [("TIDEGATE_POLICY__RELOAD__ENABLED", "false")];
    let rig = Rig::start("swap-off", &policy(), &off).await;
    assert_eq!(rig.revisions().await["reload"], json!({ "state": "off" }));
    rig.put(b"not a policy");
    rig.gate.send("task-events", event("e-1").as_bytes());
    rig.gate.judged("task-events", 1).await;
    assert_eq!(rig.revisions().await["current"], 1);
    let log = rig.gate.log();
    assert!(!log.contains("refused"), "{log}");
}

#[tokio::test]
async fn a_file_that_is_withdrawn_while_it_is_compiled_does_not_take_over() {
    let cache = tempfile::tempdir().expect("a directory");
    let env = [
        ("TIDEGATE_POLICY__CACHE_DIR", cache.path().to_str().expect("text")),
        ("TIDEGATE_POLICY__RELOAD__ALLOW_DROPPED", "true"),
    ];
    let rig = Rig::start("swap-withdrawn", &policy(), &env).await;
    rig.until_read_again(0).await;
    // Compiling it takes seconds.
    rig.put(&builtin());
    let compiled = async || (rig.revisions().await["reload"]["step"] == "compiling").then_some(());
    wait::until("it to be compiled", wait::PATIENCE, compiled)
        .await
        .expect("it is");
    rig.put(&policy());
    let again = async || rig.gate.log().contains("it does not take over").then_some(());
    wait::until("the other file to be looked at", wait::PATIENCE * 5, again)
        .await
        .expect("it is");
    rig.until_read_again(1).await;
    let found = rig.until_current(1).await;
    assert_eq!(found["revisions"].as_array().map(Vec::len), Some(1), "{found:#}");
    assert_eq!(found["reload"], json!({ "state": "ready" }));
}
