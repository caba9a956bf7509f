//! Every way in which people and tools replace a file: one reload for one change, and nothing in between.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::symlink,
    path::Path,
    time::Duration,
};

use serde_json::json;
use tidegate_harness::wait;
use tidegate_tests::{event, revisions::builtin};

use crate::rig::{Rig, digest, policy, variant};

/// Longer than a file must be unchanged before it is read.
const SETTLED: Duration = Duration::from_millis(400);

#[tokio::test]
async fn a_renamed_file_takes_over() {
    let rig = Rig::start("swap-rename", &policy(), &[]).await;
    rig.gate.send("task-events", event("e-1").as_bytes());
    rig.gate.processed("task-events", 1).await;
    let next = variant("renamed");
    rig.put(&next);
    let found = rig.until_current(&next).await;
    rig.gate.send("task-events", event("e-2").as_bytes());
    rig.gate.processed("task-events", 2).await;

    let [second, first] = [&found["revisions"][0], &found["revisions"][1]];
    assert_eq!((&second["state"], &second["by"]), (&json!("current"), &json!("file")));
    assert_eq!((&first["state"], &first["by"]), (&json!("kept"), &json!("start")));
    assert_eq!(
        first["retired"]["why"],
        format!("{} took over", &digest(&next)[.."sha256:".len() + 12])
    );
    let out = rig.gate.read("task-events.gated");
    let policies: Vec<_> = out.iter().map(|record| &record["policy"]).collect();
    assert_eq!(
        policies,
        [&json!(digest(&policy())), &json!(digest(&next))],
        "each output names the policy that decided on it"
    );
}

#[tokio::test]
async fn a_file_that_is_written_slowly_takes_over_once_it_is_whole() {
    let rig = Rig::start("swap-slow", &policy(), &[]).await;
    let next = variant("slowly");
    let mut file = File::create(&rig.path).expect("writable");
    for part in next.chunks(next.len().div_ceil(4)) {
        rig.assert_current(&policy()).await;
        file.write_all(part).expect("written");
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    drop(file);
    let found = rig.until_current(&next).await;
    assert_eq!(
        found["reload"],
        json!({ "state": "ready" }),
        "a part may be refused, the whole is not"
    );
    assert_eq!(rig.loads().await.0, 2);
}

#[tokio::test]
async fn a_file_that_is_left_half_written_is_refused_until_the_rest_is_there() {
    let rig = Rig::start("swap-half", &policy(), &[]).await;
    let next = variant("in two halves");
    let (first, second) = next.split_at(next.len() / 2);
    fs::write(&rig.path, first).expect("written");
    let why = rig.until_refused_for(first).await;
    assert!(why.contains("this is not a WebAssembly component"), "{why}");
    rig.assert_current(&policy()).await;
    let mut file = fs::OpenOptions::new().append(true).open(&rig.path).expect("there");
    file.write_all(second).expect("written");
    drop(file);
    rig.until_current(&next).await;
}

/// Points a link to another target, as Kubernetes does it.
pub(crate) fn point(link: &Path, target: &str) {
    let new = link.with_file_name(".new-link");
    symlink(target, &new).expect("linked");
    fs::rename(new, link).expect("renamed");
}

#[tokio::test]
async fn a_link_that_is_flipped_as_kubernetes_does_it_takes_over() {
    let (first, second) = (policy(), variant("flipped"));
    let rig = Rig::start_unready("swap-flip", None, &[]).await;
    let dir = rig.dir.path();
    for (version, bytes) in [("..2026_01", &first), ("..2026_02", &second)] {
        fs::create_dir(dir.join(version)).expect("made");
        fs::write(dir.join(version).join("policy.wasm"), bytes).expect("written");
    }
    point(&dir.join("..data"), "..2026_01");
    symlink("..data/policy.wasm", &rig.path).expect("linked");
    rig.until_current(&first).await;

    point(&dir.join("..data"), "..2026_02");
    fs::remove_dir_all(dir.join("..2026_01")).expect("removed");
    rig.until_current(&second).await;
}

#[tokio::test]
async fn a_link_in_the_midst_of_a_chain_of_links_may_be_flipped() {
    let (first, second) = (policy(), variant("behind three links"));
    let rig = Rig::start_unready("swap-chain", None, &[]).await;
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
    rig.until_current(&first).await;
    fs::remove_file(&link).expect("removed");
    symlink("../versions/2", &link).expect("linked");
    rig.until_current(&second).await;
}

#[tokio::test]
async fn a_link_that_is_flipped_there_and_back_changes_nothing() {
    let first = policy();
    let rig = Rig::start_unready("swap-there-and-back", None, &[]).await;
    let dir = rig.dir.path();
    for (name, bytes) in [("first.wasm", &first), ("second.wasm", &variant("for a moment"))] {
        fs::write(dir.join(name), bytes).expect("written");
    }
    symlink("first.wasm", &rig.path).expect("linked");
    rig.until_current(&first).await;
    for round in 0..5 {
        point(&rig.path, "second.wasm");
        // Long enough to be seen, and too short to be read.
        tokio::time::sleep(Duration::from_millis(60)).await;
        point(&rig.path, "first.wasm");
        let found = rig.until_current(&first).await;
        assert_eq!(found["reload"], json!({ "state": "ready" }), "round {round}");
    }
}

#[tokio::test]
async fn a_file_may_be_removed_and_come_back() {
    let rig = Rig::start("swap-removed", &policy(), &[]).await;
    fs::remove_file(&rig.path).expect("removed");
    rig.gate.send("task-events", event("e-1").as_bytes());
    let processed = rig.gate.processed("task-events", 1).await;
    assert_eq!(
        processed[0]["delivery"]["disposition"], "published",
        "the loaded policy stays"
    );
    let why = rig.until_refused().await;
    assert!(
        why.starts_with("the file cannot be read"),
        "a restart would have none: {why}"
    );
    fs::write(&rig.path, variant("back")).expect("written");
    rig.until_current(&variant("back")).await;
    rig.put(b"not a policy");
    rig.until_refused_for(b"not a policy").await;
    fs::remove_file(&rig.path).expect("removed");
    let gone = async || {
        let found = rig.revisions().await;
        (found["reload"]["digest"].is_null() && found["reload"]["state"] == "refused").then_some(())
    };
    let gone = wait::until("the refusal of a file that is gone to go", wait::PATIENCE, gone);
    gone.await.expect("it goes");
    fs::write(&rig.path, variant("back")).expect("written");
    let back = async || (rig.revisions().await["reload"]["state"] == "ready").then_some(());
    wait::until("the file to be back", wait::PATIENCE, back)
        .await
        .expect("it is");
}

#[tokio::test]
async fn a_file_may_appear_later() {
    let rig = Rig::start_unready("swap-later", None, &[]).await;
    let ready = reqwest::get(rig.gate.url("/readyz")).await.expect("an answer");
    assert_eq!(ready.status(), 503);
    let why = ready.text().await.expect("text");
    assert!(why.contains("no policy is loaded: the file cannot be read"), "{why}");
    rig.gate.send("task-events", event("e-1").as_bytes());
    assert!(
        rig.gate.read("task-events")[0]["delivery"].is_null(),
        "nothing is processed"
    );

    fs::write(&rig.path, policy()).expect("written");
    rig.until_current(&policy()).await;
    let processed = rig.gate.processed("task-events", 1).await;
    assert_eq!(
        processed[0]["delivery"]["disposition"], "published",
        "and nothing is lost"
    );
}

#[tokio::test]
async fn a_directory_may_be_replaced() {
    let rig = Rig::start("swap-directory", &policy(), &[]).await;
    fs::remove_dir_all(rig.dir.path()).expect("removed");
    fs::create_dir(rig.dir.path()).expect("made");
    fs::write(&rig.path, variant("elsewhere")).expect("written");
    rig.until_current(&variant("elsewhere")).await;
    rig.put(&variant("elsewhere again"));
    rig.until_current(&variant("elsewhere again")).await;
}

#[tokio::test]
async fn the_same_policy_again_is_no_new_revision() {
    let rig = Rig::start("swap-same", &policy(), &[]).await;
    rig.put(&policy());
    rig.until_read_again(0).await;
    let file = File::open(&rig.path).expect("there");
    file.set_modified(std::time::UNIX_EPOCH).expect("touched");
    rig.until_read_again(1).await;
    rig.put(&variant("another"));
    let found = rig.until_current(&variant("another")).await;
    assert_eq!(found["revisions"].as_array().map(Vec::len), Some(2), "{found:#}");
}

#[tokio::test]
async fn a_file_is_not_followed_when_reloading_is_off() {
    let off = [("TIDEGATE_POLICY__RELOAD__ENABLED", "false")];
    let rig = Rig::start("swap-off", &policy(), &off).await;
    assert_eq!(rig.revisions().await["reload"], json!({ "state": "off" }));
    rig.put(b"not a policy");
    tokio::time::sleep(SETTLED).await;
    rig.gate.send("task-events", event("e-1").as_bytes());
    rig.gate.processed("task-events", 1).await;
    rig.assert_current(&policy()).await;
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
    // Compiling it takes seconds.
    rig.put(&builtin());
    let compiled = async || (rig.revisions().await["reload"]["step"] == "compiling").then_some(());
    wait::until("the file to be compiled", wait::PATIENCE, compiled)
        .await
        .expect("it is");
    rig.put(&policy());
    let again = async || rig.gate.log().contains("it does not take over").then_some(());
    wait::until("the other file to be read", wait::PATIENCE * 5, again)
        .await
        .expect("it is");
    rig.until_read_again(0).await;
    let found = rig.until_current(&policy()).await;
    assert_eq!(found["revisions"].as_array().map(Vec::len), Some(1), "{found:#}");
    assert_eq!(found["reload"], json!({ "state": "ready" }));
}
