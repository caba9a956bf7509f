//! A policy that does badly once it judges real events: the gate goes back to the one before by itself, and what the bad
//! one did can be undone.

use std::{collections::BTreeSet, fs, time::Duration};

use serde_json::{Value, json};
use tidegate_harness::wait;
use tidegate_tests::{event, guest, tidegate};

use crate::rig::{Rig, digest, policy, variant};

/// Quick retries, and few events that say something.
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
async fn a_policy_that_faults_is_left_and_the_good_one_takes_what_it_faulted_on() {
    let rig = Rig::start("rollback-faults", &read("calm"), &QUICK).await;
    rig.gate.send("task-events", events(0..50).as_bytes());
    rig.gate.judged("task-events", 50).await;
    let bad = read("traps-when-told");
    rig.put(&bad);
    rig.until_current(2).await;
    rig.gate.send("task-events", traps(50..100).as_bytes());

    let found = rig.until_current(1).await;
    let left = &found["revisions"][0];
    assert_eq!((&left["number"], &left["state"]), (&json!(2), &json!("kept")));
    assert_eq!(left["left"]["why"], "the policy faults on most events");
    assert_eq!(left["counts"]["forward"], 0);
    assert!(left["counts"]["fault"].as_u64() >= Some(8), "{left:#}");
    until(&rig, "all events to be forwarded", async |rig| {
        rig.gate.read("task-events.gated").len() >= 100
    })
    .await;
    let out = rig.gate.read("task-events.gated");
    assert_eq!((out.len(), ids(&out).len()), (100, 100), "each of them once");
    assert!(out.iter().all(|record| record["revision"] == 1));
    assert_eq!(rig.gate.read("dlq").len(), 0, "no event is blamed for the policy");
    until(
        &rig,
        "the good one to have judged all, also what was put aside",
        async |rig| {
            let judged = rig.gate.read("task-events");
            let is_its =
                |record: &&Value| record["delivery"]["disposition"] == "forward" && record["delivery"]["revision"] == 1;
            judged.iter().filter(is_its).count() == 100
        },
    )
    .await;

    until(&rig, "the alert", async |rig| !rig.gate.read("ops-alerts").is_empty()).await;
    let alerts = rig.gate.read("ops-alerts");
    let alert = &alerts[0]["event"];
    assert_eq!(
        (alerts.len(), &alert["event_type"]),
        (1, &json!("tidegate.policy-rollback"))
    );
    assert_eq!(
        alert["payload"],
        json!({
            "severity": "error",
            "error": "the policy faults on most events",
            "from": { "revision": 2, "policy": digest(&bad) },
            "to": { "revision": 1, "policy": digest(&read("calm")) },
        })
    );
    assert_eq!(
        rig.gate.counted("tidegate_policy_rollbacks_total{by=\"itself\"}").await,
        1
    );
    assert!(rig.gate.log().contains("the gate went back to the policy before"));
    let why = rig.until_refused().await;
    assert!(why.contains("the gate went back from this very file"), "{why}");
}

#[tokio::test]
async fn a_policy_that_rejects_far_more_is_left_and_its_dead_letters_come_back() {
    let rig = Rig::start("rollback-rejects", &read("calm"), &QUICK).await;
    rig.gate.send("task-events", events(0..50).as_bytes());
    rig.gate.judged("task-events", 50).await;
    let bad = read("rejects");
    rig.put(&bad);
    rig.until_current(2).await;
    rig.gate.send("task-events", events(50..150).as_bytes());
    let judged = rig.gate.judged("task-events", 150).await;
    let found = rig.until_current(1).await;
    let why = &found["revisions"][0]["left"]["why"];
    assert_eq!(
        why,
        "the policy rejected 100.0 % of 40 events, and 0.0 % were rejected before it"
    );

    let rejected = rig.gate.read("dlq");
    assert_eq!(rejected.len(), 40);
    for letter in &rejected {
        assert_eq!(letter["revision"], 2);
        assert_eq!(letter["policy"], digest(&bad));
        assert_eq!(letter["event"]["payload"]["dlq_metadata"]["policy"], digest(&bad));
    }
    // The embedded backend takes a topic one event after another.
    let by_two = judged.iter().filter(|record| record["delivery"]["revision"] == 2);
    assert_eq!(by_two.count(), 40, "and no other was judged by it");

    let base = rig.gate.gate.url("");
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
    let none = redrive("1");
    assert!(none.out.contains("none taken"), "{}{}", none.out, none.err);
    let redriven = redrive("2");
    assert_eq!(redriven.code, 0, "{}{}", redriven.out, redriven.err);
    assert!(redriven.out.contains("taken: 40 forward; 0 failed"), "{}", redriven.out);
    let again = redrive(&digest(&bad)[..20]);
    assert!(
        again.out.contains("taken: 40 duplicate; 0 failed"),
        "{}{}",
        again.out,
        again.err
    );
    let out = rig.gate.read("task-events.gated");
    assert_eq!((out.len(), ids(&out).len()), (150, 150), "each event once");
}

#[tokio::test]
async fn a_policy_that_does_as_well_as_the_one_before_stays() {
    let rig = Rig::start("rollback-none", &read("rejects"), &QUICK).await;
    rig.gate.send("task-events", events(0..60).as_bytes());
    rig.gate.judged("task-events", 60).await;
    let mut other = read("rejects");
    // A section that nobody reads.
    other.extend([0, 2, 1, b'x']);
    rig.put(&other);
    rig.until_current(2).await;
    rig.gate.send("task-events", events(60..160).as_bytes());
    let judged = rig.gate.judged("task-events", 160).await;
    assert_eq!(
        judged[159]["delivery"]["revision"], 2,
        "it rejects all of them, as the one before did"
    );
}

#[tokio::test]
async fn without_the_rule_the_gate_stays_with_what_it_has() {
    let env = [QUICK[0], QUICK[1], ("TIDEGATE_POLICY__ROLLBACK__ENABLED", "false")];
    let rig = Rig::start("rollback-off", &read("calm"), &env).await;
    rig.gate.send("task-events", events(0..50).as_bytes());
    rig.gate.judged("task-events", 50).await;
    rig.put(&read("rejects"));
    rig.until_current(2).await;
    rig.gate.send("task-events", events(50..110).as_bytes());
    let judged = rig.gate.judged("task-events", 110).await;
    assert_eq!(judged[109]["delivery"]["revision"], 2);
    assert_eq!(rig.gate.read("dlq").len(), 60);
}

#[tokio::test]
async fn a_number_that_means_two_policies_is_not_redriven() {
    let rig = Rig::start("rollback-restart", &read("rejects"), &[]).await;
    rig.gate.send("task-events", events(0..2).as_bytes());
    rig.gate.judged("task-events", 2).await;
    let mut other = read("rejects");
    other.extend([0, 2, 1, b'x']);
    rig.gate.gate.process().kill9();
    rig.put(&other);
    rig.gate.gate.process().restart().await.expect("it starts again");
    rig.gate.send("task-events", events(2..5).as_bytes());
    rig.gate.judged("task-events", 5).await;
    let base = rig.gate.gate.url("");
    let args = [
        "dlq",
        "redrive",
        "--all",
        "--revision",
        "1",
        "--url",
        &base,
        "--data",
        rig.gate.data(),
    ];
    let redriven = tidegate(&args, b"");
    assert_eq!(redriven.code, 3, "{}", redriven.out);
    let says = "revision 1 is 2 policies here, since a gate that starts counts anew: ";
    assert!(redriven.err.contains(says), "{}", redriven.err);
}

#[tokio::test]
async fn what_is_redriven_says_nothing_of_a_new_policy() {
    let rig = Rig::start("rollback-redrive", &read("calm"), &QUICK).await;
    let unknown = events(0..45).replace("task.created", "task.unknown");
    rig.gate.send("task-events", (unknown + &events(45..500)).as_bytes());
    rig.gate.judged("task-events", 500).await;
    rig.put(&read("calm-next"));
    rig.until_current(2).await;
    let base = rig.gate.gate.url("");
    let args = ["dlq", "redrive", "--all", "--url", &base, "--data", rig.gate.data()];
    let redriven = tidegate(&args, b"");
    assert!(
        redriven.out.contains("none taken; 45 failed"),
        "{}{}",
        redriven.out,
        redriven.err
    );
    let found = rig.revisions().await;
    assert_eq!(found["current"], 2, "{found:#}");
}

#[tokio::test]
async fn a_policy_is_held_against_the_last_one_that_has_judged_enough() {
    let rig = Rig::start("rollback-earlier", &policy(), &QUICK).await;
    rig.gate.send("task-events", events(0..50).as_bytes());
    rig.gate.judged("task-events", 50).await;
    rig.put(&variant("judges little"));
    rig.until_current(2).await;
    rig.gate.send("task-events", events(50..55).as_bytes());
    rig.gate.judged("task-events", 55).await;
    rig.put(&read("rejects"));
    rig.until_current(3).await;
    rig.gate.send("task-events", events(55..155).as_bytes());
    let found = rig.until_current(2).await;
    assert_eq!(
        found["revisions"][0]["left"]["why"],
        "the policy rejected 100.0 % of 40 events, and 0.0 % were rejected before it"
    );
}

#[tokio::test]
async fn where_nothing_is_known_a_policy_that_rejects_most_is_left() {
    let rig = Rig::start("rollback-unknown", &policy(), &QUICK).await;
    rig.gate.send("task-events", events(0..5).as_bytes());
    rig.gate.judged("task-events", 5).await;
    rig.put(&read("rejects"));
    rig.until_current(2).await;
    rig.gate.send("task-events", events(5..105).as_bytes());
    let found = rig.until_current(1).await;
    assert_eq!(
        found["revisions"][0]["left"]["why"],
        "the policy rejected 100.0 % of 40 events, and none before it has judged as many: 50.0 % are allowed then"
    );
}
