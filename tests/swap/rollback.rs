//! A policy that does badly on real events: the gate rolls back to the one before by itself, and what the bad one did can
//! be undone.

use std::{collections::BTreeSet, fs, time::Duration};

use serde_json::{Value, json};
use tidegate_harness::wait;
use tidegate_tests::{event, guest, tidegate};

use crate::rig::{Rig, digest, policy, variant};

/// Quick retries, and a rollback after few events.
pub(crate) const QUICK: [(&str, &str); 2] = [
    ("TIDEGATE_RETRIES__SCALE", "0.05"),
    ("TIDEGATE_POLICY__ROLLBACK__MIN_EVENTS", "40"),
];

pub(crate) fn read(name: &str) -> Vec<u8> {
    fs::read(guest(name)).expect("readable")
}

pub(crate) fn events(ids: std::ops::Range<u32>) -> String {
    ids.map(|number| event(&format!("e-{number}")) + "\n").collect()
}

/// Events on which `traps-when-told` traps.
pub(crate) fn traps(ids: std::ops::Range<u32>) -> String {
    events(ids).replace(r#""payload":{"#, r#""payload":{"trap":true,"#)
}

fn ids(records: &[Value]) -> BTreeSet<String> {
    let id = |record: &Value| record["id"].as_str().unwrap_or_default().to_owned();
    records.iter().map(id).collect()
}

pub(crate) async fn until(rig: &Rig, what: &str, mut is_so: impl AsyncFnMut(&Rig) -> bool) {
    let so = async || is_so(rig).await.then_some(());
    if let Err(error) = wait::until(what, Duration::from_mins(1), so).await {
        panic!("{error}: {:#}\n{}", rig.revisions().await, rig.gate.log());
    }
}

#[tokio::test]
async fn a_policy_that_faults_is_rolled_back_and_the_good_one_processes_what_it_faulted_on() {
    let good = read("calm");
    let rig = Rig::start("rollback-faults", &good, &QUICK).await;
    rig.gate.send("task-events", events(0..50).as_bytes());
    rig.gate.processed("task-events", 50).await;
    let bad = read("traps-when-told");
    rig.put(&bad);
    rig.until_current(&bad).await;
    rig.gate.send("task-events", traps(50..100).as_bytes());

    let found = rig.until_current(&good).await;
    let rolled_back = &found["revisions"][0];
    assert_eq!(
        (&rolled_back["digest"], &rolled_back["state"]),
        (&json!(digest(&bad)), &json!("kept"))
    );
    assert_eq!(rolled_back["retired"]["why"], "the policy faults on most events");
    assert_eq!(rolled_back["counts"]["forward"], 0);
    assert!(rolled_back["counts"]["fault"].as_u64() >= Some(8), "{rolled_back:#}");
    until(&rig, "all events to be published", async |rig| {
        rig.gate.read("task-events.gated").len() >= 100
    })
    .await;
    let out = rig.gate.read("task-events.gated");
    assert_eq!((out.len(), ids(&out).len()), (100, 100), "each of them once");
    assert!(out.iter().all(|record| record["policy"] == digest(&good)));
    assert_eq!(rig.gate.read("dlq").len(), 0, "no event is blamed for the policy");
    until(
        &rig,
        "the good one to have decided on all, also on the scheduled retries",
        async |rig| {
            let processed = rig.gate.read("task-events");
            let is_its = |record: &&Value| {
                record["delivery"]["disposition"] == "published" && record["delivery"]["policy"] == digest(&good)
            };
            processed.iter().filter(is_its).count() == 100
        },
    )
    .await;

    until(&rig, "the alert", async |rig| !rig.gate.read("ops-alerts").is_empty()).await;
    let alerts = rig.gate.read("ops-alerts");
    let alert = &alerts[0]["event"];
    assert_eq!((alerts.len(), &alert["type"]), (1, &json!("tidegate.policy-rollback")));
    assert_eq!(
        *alert,
        json!({
            "id": alert["id"],
            "type": "tidegate.policy-rollback",
            "rolled_back_at": alert["rolled_back_at"],
            "severity": "error",
            "error": "the policy faults on most events",
            "from": { "policy": digest(&bad) },
            "to": { "policy": digest(&good) },
        })
    );
    assert_eq!(
        rig.gate.counted("tidegate_policy_rollbacks_total{by=\"itself\"}").await,
        1
    );
    assert!(rig.gate.log().contains("rolled back to the revision before"));
    let why = rig.until_refused().await;
    assert!(why.starts_with("this very file was rolled back at "), "{why}");
}

#[tokio::test]
async fn a_policy_that_rejects_far_more_is_rolled_back_and_its_dead_letters_are_redriven() {
    let rig = Rig::start("rollback-rejects", &read("calm"), &QUICK).await;
    rig.gate.send("task-events", events(0..50).as_bytes());
    rig.gate.processed("task-events", 50).await;
    let bad = read("rejects");
    rig.put(&bad);
    rig.until_current(&bad).await;
    rig.gate.send("task-events", events(50..150).as_bytes());
    let processed = rig.gate.processed("task-events", 150).await;
    let found = rig.until_current(&read("calm")).await;
    let why = &found["revisions"][0]["retired"]["why"];
    assert_eq!(
        why,
        "the policy rejected 100.0 % of 40 events, and 0.0 % were rejected before it"
    );

    let rejected = rig.gate.read("dlq");
    assert_eq!(rejected.len(), 40);
    for letter in &rejected {
        assert_eq!(letter["policy"], digest(&bad));
        assert_eq!(letter["event"]["dlq_metadata"]["policy"], digest(&bad));
    }
    // The `sqlite` backend processes one event of a topic after another.
    let by_bad = processed
        .iter()
        .filter(|record| record["delivery"]["policy"] == digest(&bad));
    assert_eq!(by_bad.count(), 40, "and it decided on no other");

    let base = rig.gate.url("");
    let redrive = |revision: &str| {
        let args = [
            "dlq",
            "redrive",
            "--all",
            "--revision",
            revision,
            "--url",
            &base,
            "--data",
            rig.gate.data(),
        ];
        tidegate(&args, b"")
    };
    let none = redrive(&digest(&read("calm")));
    assert!(none.out.contains("none accepted"), "{}{}", none.out, none.err);
    let redriven = redrive(&digest(&bad));
    assert_eq!(redriven.code, 0, "{}{}", redriven.out, redriven.err);
    assert!(
        redriven.out.contains("accepted: 40 published; 0 failed"),
        "{}",
        redriven.out
    );
    let again = redrive(&digest(&bad)[..20]);
    assert!(
        again.out.contains("accepted: 40 duplicate; 0 failed"),
        "{}{}",
        again.out,
        again.err
    );
    let out = rig.gate.read("task-events.gated");
    assert_eq!((out.len(), ids(&out).len()), (150, 150), "each event once");
}

#[tokio::test]
async fn a_policy_that_does_no_worse_than_the_one_before_stays() {
    let rig = Rig::start("rollback-none", &read("rejects"), &QUICK).await;
    rig.gate.send("task-events", events(0..60).as_bytes());
    rig.gate.processed("task-events", 60).await;
    let mut other = read("rejects");
    // A custom section, for another digest.
    other.extend([0, 2, 1, b'x']);
    rig.put(&other);
    rig.until_current(&other).await;
    rig.gate.send("task-events", events(60..160).as_bytes());
    let processed = rig.gate.processed("task-events", 160).await;
    assert_eq!(
        processed[159]["delivery"]["policy"],
        digest(&other),
        "it rejects all of them, as the one before did"
    );
}

#[tokio::test]
async fn with_rollback_off_a_bad_policy_stays() {
    let env = [QUICK[0], QUICK[1], ("TIDEGATE_POLICY__ROLLBACK__ENABLED", "false")];
    let rig = Rig::start("rollback-off", &read("calm"), &env).await;
    rig.gate.send("task-events", events(0..50).as_bytes());
    rig.gate.processed("task-events", 50).await;
    rig.put(&read("rejects"));
    rig.until_current(&read("rejects")).await;
    rig.gate.send("task-events", events(50..110).as_bytes());
    let processed = rig.gate.processed("task-events", 110).await;
    assert_eq!(processed[109]["delivery"]["policy"], digest(&read("rejects")));
    assert_eq!(rig.gate.read("dlq").len(), 60);
}

#[tokio::test]
async fn redriven_events_do_not_count_in_the_bake_period() {
    let rig = Rig::start("rollback-redrive", &read("calm"), &QUICK).await;
    let unknown = events(0..45).replace("task.created", "task.unknown");
    rig.gate.send("task-events", (unknown + &events(45..500)).as_bytes());
    rig.gate.processed("task-events", 500).await;
    rig.put(&read("calm-next"));
    rig.until_current(&read("calm-next")).await;
    let base = rig.gate.url("");
    let args = ["dlq", "redrive", "--all", "--url", &base, "--data", rig.gate.data()];
    let redriven = tidegate(&args, b"");
    assert!(
        redriven.out.contains("none accepted; 45 failed"),
        "{}{}",
        redriven.out,
        redriven.err
    );
    rig.assert_current(&read("calm-next")).await;
}

#[tokio::test]
async fn a_policy_is_compared_with_the_last_one_that_has_decided_on_enough_events() {
    let rig = Rig::start("rollback-earlier", &policy(), &QUICK).await;
    rig.gate.send("task-events", events(0..50).as_bytes());
    rig.gate.processed("task-events", 50).await;
    let little = variant("decides little");
    rig.put(&little);
    rig.until_current(&little).await;
    rig.gate.send("task-events", events(50..55).as_bytes());
    rig.gate.processed("task-events", 55).await;
    rig.put(&read("rejects"));
    rig.until_current(&read("rejects")).await;
    rig.gate.send("task-events", events(55..155).as_bytes());
    let found = rig.until_current(&little).await;
    assert_eq!(
        found["revisions"][0]["retired"]["why"],
        "the policy rejected 100.0 % of 40 events, and 0.0 % were rejected before it"
    );
}

#[tokio::test]
async fn with_nothing_to_compare_with_a_policy_that_rejects_most_is_rolled_back() {
    let rig = Rig::start("rollback-unknown", &policy(), &QUICK).await;
    rig.gate.send("task-events", events(0..5).as_bytes());
    rig.gate.processed("task-events", 5).await;
    rig.put(&read("rejects"));
    rig.until_current(&read("rejects")).await;
    rig.gate.send("task-events", events(5..105).as_bytes());
    let found = rig.until_current(&policy()).await;
    assert_eq!(
        found["revisions"][0]["retired"]["why"],
        "the policy rejected 100.0 % of 40 events, and none before it has judged as many: 50.0 % are allowed then"
    );
}
