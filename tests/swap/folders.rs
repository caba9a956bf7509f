//! The policy is a folder of plain files: an edited file is in force without a build, and whatever is half done is no policy.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_harness::{copy_dir, repository, wait};
use tidegate_tests::tidegate;

use crate::rig::Rig;

pub(crate) const CONFIG: &str = "
subscriptions: [{ name: shop-events }]
channels:
  orders: { topic: orders }
  payments: { topic: payments }
  dlq: { topic: dlq }
  ops-alerts: { topic: ops-alerts }
";

/// A directory with `examples/orders` in it.
pub(crate) fn orders() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    copy_dir(&repository().join("examples/orders"), &dir.path().join("shop")).expect("copied");
    dir
}

/// Replaces a text in a file of the policy, as an editor does: in another file, which is renamed.
fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).expect("readable");
    assert!(text.contains(from), "{text}");
    let new = folder.join(".edited");
    fs::write(&new, text.replace(from, to)).expect("written");
    fs::rename(new, path).expect("renamed");
}

/// Waits until this many revisions have been loaded and no change waits.
pub(crate) async fn until_loaded(rig: &Rig, revisions: usize) -> Value {
    let loaded = async || {
        let found = rig.revisions().await;
        let count = found["revisions"].as_array().map_or(0, Vec::len);
        (count >= revisions && found["reload"]["state"] == "ready").then_some(found)
    };
    match wait::until("the folder to be loaded", wait::PATIENCE, loaded).await {
        Ok(found) => found,
        Err(error) => panic!("{error}: {:#}", rig.revisions().await),
    }
}

pub(crate) fn order(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"order.placed","schemaVersion":"2","customerId":"c-1","occurredAt":"2026-03-01T09:30:00Z","data":{{"orderId":1,"total":"24.90","currency":"EUR","lines":[{{"sku":"tea","qty":3}}]}}}}"#
    )
}

#[tokio::test]
async fn an_edited_file_is_in_force_and_nothing_is_lost() {
    let rig = Rig::start_on_folder(orders(), "shop", CONFIG).await;
    until_loaded(&rig, 1).await;
    rig.gate.send("shop-events", order("o-1").as_bytes());
    rig.gate.processed("shop-events", 1).await;
    let sent = rig.gate.read("orders");
    assert_eq!(sent[0]["key"], "c-1", "{sent:?}");

    edit(&rig.path, "policy.yaml", "channel: orders", "channel: payments");
    let found = until_loaded(&rig, 2).await;
    assert_eq!(found["revisions"][0]["cached"], true, "nothing is compiled: {found:#}");
    rig.gate.send("shop-events", order("o-2").as_bytes());
    rig.gate.processed("shop-events", 2).await;
    assert_eq!(rig.gate.read("payments").len(), 1, "the new policy decides");
    assert_eq!(rig.gate.read("dlq").len(), 0);
    let status = tidegate(
        &[
            "policy",
            "status",
            "--admin",
            &rig.gate.admin_url(""),
            "--wait-for",
            rig.path.to_str().expect("text"),
        ],
        b"",
    );
    assert_eq!(status.code, 0, "{}", status.err);
}

#[tokio::test]
async fn files_that_are_written_one_after_another_are_one_swap() {
    let rig = Rig::start_on_folder(orders(), "shop", CONFIG).await;
    until_loaded(&rig, 1).await;
    // The manifest names what is not there yet, and one file is half written meanwhile.
    edit(
        &rig.path,
        "policy.yaml",
        "{ 1: order.placed/1.json, 2",
        "{ 1: order.placed/one.json, 2",
    );
    tokio::time::sleep(Duration::from_millis(400)).await;
    fs::write(rig.path.join("order.placed/one.json"), "{").expect("written");
    tokio::time::sleep(Duration::from_millis(400)).await;
    fs::rename(
        rig.path.join("order.placed/1.json"),
        rig.path.join("order.placed/one.json"),
    )
    .expect("renamed");
    for number in 0..3 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        edit(&rig.path, "policy.yaml", "version: 1.", &format!("version: 1.{number}"));
    }
    let found = until_loaded(&rig, 2).await;
    assert_eq!(found["revisions"].as_array().map(Vec::len), Some(2), "{found:#}");
    assert_eq!(rig.loads().await, (2, 0), "and nothing is refused");
}

#[tokio::test]
async fn a_folder_that_is_no_policy_is_refused_with_file_and_line() {
    let rig = Rig::start_on_folder(orders(), "shop", CONFIG).await;
    let before = until_loaded(&rig, 1).await;
    edit(&rig.path, "policy.yaml", "channel: payments", "chanel: payments");
    let why = rig.until_refused().await;
    assert!(
        why.contains("policy.yaml: line 39 column 5: unknown field `chanel`"),
        "{why}"
    );
    edit(&rig.path, "policy.yaml", "chanel: payments", "channel: payments");
    until_loaded(&rig, 1).await;
    edit(&rig.path, "order.placed/1.json", "\"examples\"", "\"samples\"");
    let (status, problem) = rig.post("/admin/reload", "").await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    let detail = problem["detail"].as_str().expect("a text");
    assert!(
        detail.contains("the schema of order.placed 1 has no `examples`"),
        "{detail}"
    );
    assert_eq!(rig.revisions().await["current"], before["current"], "the policy stays");
    fs::rename(&rig.path, rig.dir.path().join("elsewhere")).expect("moved");
    let gone = async || (rig.revisions().await["reload"]["digest"].is_null()).then_some(());
    wait::until("the folder to be missed", wait::PATIENCE, gone)
        .await
        .expect("it is");
}

#[tokio::test]
async fn a_mounted_config_map_is_followed() {
    let dir = tempfile::tempdir().expect("a directory");
    let shop = dir.path().join("shop");
    fs::create_dir(&shop).expect("made");
    // Its keys hold no `/`: all files are beside each other, behind one link.
    let flat = |version: &str, channel: &str| {
        let folder = shop.join(version);
        fs::create_dir(&folder).expect("made");
        let manifest = format!(
            "name: shop\nversion: 1.0.0\nenvelope: {{ id: /id, type: /type, key: /id }}\nevent_types: {{ a: {{ channel: {channel}, versions: {{ 1: a.json }} }} }}\n"
        );
        fs::write(folder.join("policy.yaml"), manifest).expect("written");
        fs::write(folder.join("a.json"), r#"{"examples":[{"id":"1","type":"a"}]}"#).expect("written");
    };
    let point = |version: &str| {
        symlink(version, shop.join("..new")).expect("linked");
        fs::rename(shop.join("..new"), shop.join("..data")).expect("renamed");
    };
    flat("..2026_01", "orders");
    point("..2026_01");
    for name in ["policy.yaml", "a.json"] {
        symlink(Path::new("..data").join(name), shop.join(name)).expect("linked");
    }
    let rig = Rig::start_on_folder(dir, "shop", CONFIG).await;
    let first = until_loaded(&rig, 1).await;
    flat("..2026_02", "payments");
    point("..2026_02");
    fs::remove_dir_all(rig.path.join("..2026_01")).expect("removed");
    let second = until_loaded(&rig, 2).await;
    assert_ne!(first["current"], second["current"]);

    point("..2026_02");
    let (status, answer) = rig.post("/admin/reload", "").await;
    assert_eq!(
        (status, &answer["current"]),
        (StatusCode::OK, &second["current"]),
        "the same files"
    );
}

#[tokio::test]
async fn a_rollback_of_a_folder_takes_no_time() {
    let rig = Rig::start_on_folder(orders(), "shop", CONFIG).await;
    let first = until_loaded(&rig, 1).await;
    edit(&rig.path, "policy.yaml", "10m", "11m");
    until_loaded(&rig, 2).await;
    let started = Instant::now();
    let (status, answer) = rig.post("/admin/rollback", "").await;
    assert_eq!((status, &answer["to"]), (StatusCode::OK, &first["current"]), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(5));
    rig.until_refused().await;
    edit(&rig.path, "policy.yaml", "11m", "12m");
    let found = until_loaded(&rig, 3).await;
    assert_eq!(found["revisions"][0]["by"], json!("file"));
}

#[tokio::test]
async fn a_bundle_in_one_file_is_followed_like_a_component() {
    let dir = orders();
    let (folder, bundle) = (dir.path().join("shop"), dir.path().join("shop.json"));
    let build = |name: &str| {
        let out = folder.with_file_name(name);
        let args = [
            "build",
            folder.to_str().expect("text"),
            "-o",
            out.to_str().expect("text"),
        ];
        let build = tidegate(&args, b"");
        assert_eq!(build.code, 0, "{}", build.err);
        fs::read(out).expect("built")
    };
    build("shop.json");
    let rig = Rig::start_on_folder(dir, "shop.json", CONFIG).await;
    let first = until_loaded(&rig, 1).await;
    edit(&folder, "policy.yaml", "channel: orders", "channel: payments");
    let (second, component) = (build("next.json"), build("next.wasm"));

    // Half of it is written, and nothing more for a while.
    fs::write(&bundle, &second[..second.len() / 2]).expect("written");
    tokio::time::sleep(Duration::from_millis(500)).await;
    fs::write(&bundle, &second).expect("written");
    let found = until_loaded(&rig, 2).await;
    assert_ne!(found["current"], first["current"]);
    assert_eq!(rig.loads().await, (2, 0), "half of it is no error");
    rig.gate.send("shop-events", order("o-1").as_bytes());
    rig.gate.processed("shop-events", 1).await;
    assert_eq!(rig.gate.read("payments").len(), 1, "the new policy decides");

    fs::write(&bundle, &second[..second.len() / 2]).expect("written");
    let why = rig.until_refused().await;
    assert!(why.contains("the bundle ends in the midst"), "{why}");
    assert_eq!(rig.revisions().await["current"], found["current"], "the policy stays");

    // The form may change: what counts is what is in the file.
    rig.put(&component);
    let found = rig.until_current(&component).await;
    let took = &found["revisions"][0]["took_ms"];
    assert!(
        took["snapshot"].is_null() && took["load"].as_f64() < Some(5000.0),
        "nothing is compiled: {found:#}"
    );
}
