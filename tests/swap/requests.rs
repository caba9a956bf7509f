//! Rollback and promotion on request.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidegate_tests::{SqliteGate, event};

use crate::rig::{Rig, digest, policy, variant};

/// The first digits of a policy's digest, as reasons name it.
fn short(policy: &[u8]) -> String {
    digest(policy)[.."sha256:".len() + 12].to_owned()
}

/// Rolls back, to a digest or to the last good revision.
async fn roll_back(rig: &Rig, to: Option<&str>) -> (StatusCode, Value) {
    let body = to.map(|to| json!({ "digest": to }).to_string());
    rig.post("/admin/rollback", &body.unwrap_or_default()).await
}

#[tokio::test]
async fn the_gate_rolls_back_on_request_and_stays_there() {
    let (first, next) = (policy(), variant("next"));
    let rig = Rig::start("request-back", &first, &[]).await;
    let (status, problem) = roll_back(&rig, None).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        problem["detail"],
        "there is no earlier revision to roll back to: none is kept"
    );

    rig.put(&next);
    rig.until_current(&next).await;
    let (status, answer) = roll_back(&rig, None).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(
        (&answer["from"], &answer["to"]),
        (&json!(digest(&next)), &json!(digest(&first)))
    );
    let advice = answer["advice"].as_str().expect("a text");
    assert!(advice.contains(rig.path.to_str().expect("text")), "{advice}");

    rig.gate.send("task-events", event("e-1").as_bytes());
    rig.gate.processed("task-events", 1).await;
    assert_eq!(rig.gate.read("task-events.gated")[0]["policy"], digest(&first));

    // The same file again, with the same bytes.
    rig.put(&next);
    let why = rig.until_refused().await;
    assert!(why.starts_with("this very file was rolled back at "), "{why}");
    let (status, answer) = roll_back(&rig, Some(&digest(&next))).await;
    assert_eq!(
        (status, &answer["to"]),
        (StatusCode::OK, &json!(digest(&next))),
        "a person may choose it by its digest"
    );
    assert_eq!(
        rig.until_current(&next).await["reload"],
        json!({ "state": "ready" }),
        "the file is good again"
    );
    let (_, answer) = roll_back(&rig, None).await;
    assert_eq!(answer["to"], digest(&first), "it was superseded, so it is good");
}

#[tokio::test]
async fn a_rollback_names_a_kept_revision_by_the_beginning_of_its_digest() {
    let (first, next) = (policy(), variant("next"));
    let rig = Rig::start("request-digest", &first, &[]).await;
    rig.put(&next);
    rig.until_current(&next).await;
    let hex = &digest(&first)["sha256:".len()..][..8];
    let (status, answer) = roll_back(&rig, Some(hex)).await;
    assert_eq!((status, &answer["to"]), (StatusCode::OK, &json!(digest(&first))));
    let (status, answer) = roll_back(&rig, Some(&short(&next))).await;
    assert_eq!((status, &answer["to"]), (StatusCode::OK, &json!(digest(&next))));

    let (status, problem) = roll_back(&rig, Some(&short(&next))).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(problem["detail"], format!("{} is the current revision", short(&next)));
    let (status, problem) = roll_back(&rig, Some("sha256:00000000")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        problem["detail"],
        format!(
            "the gate cannot roll back to sha256:00000000: {} is kept; its file can be put back in place",
            short(&first)
        )
    );
    for body in [r#"{"to":1}"#, r#"{"digest":1}"#] {
        assert_eq!(rig.post("/admin/rollback", body).await.0, StatusCode::BAD_REQUEST);
    }
    let by_request = r#"tidegate_policy_rollbacks_total{by="request"}"#;
    assert_eq!(rig.gate.counted(by_request).await, 2);
    for (policy, decides) in [(&next, 1), (&first, 0)] {
        let revision = format!("tidegate_policy_revision{{digest={:?}}}", digest(policy));
        assert_eq!(rig.gate.counted(&revision).await, decides);
    }
}

#[tokio::test]
async fn a_beginning_of_two_digests_names_neither() {
    let digit = |policy: &[u8]| digest(policy)["sha256:".len()..][..1].to_owned();
    let first = policy();
    let mut others = (0..).map(|number| variant(&format!("number {number}")));
    let alike = others.find(|other| digit(other) == digit(&first)).expect("one of 16");
    let current = others.find(|other| digit(other) != digit(&first)).expect("many");
    let rig = Rig::start("request-ambiguous", &first, &[]).await;
    for next in [&alike, &current] {
        rig.put(next);
        rig.until_current(next).await;
    }
    let (status, problem) = roll_back(&rig, Some(&digit(&first))).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    let says = format!(
        "more than one digest begins with {}: {}, {} are kept; give more digits",
        digit(&first),
        short(&alike),
        short(&first)
    );
    assert_eq!(problem["detail"], says);
    rig.assert_current(&current).await;
}

#[tokio::test]
async fn three_policies_are_kept_and_sixteen_revisions_are_listed() {
    let rig = Rig::start("request-kept", &policy(), &[]).await;
    let of = |number: usize| variant(["one", "two", "three"][number % 3]);
    for number in 2..=18 {
        rig.put(&of(number));
        rig.until_current(&of(number)).await;
    }
    let found = rig.revisions().await;
    let listed = found["revisions"].as_array().expect("a list");
    let states: Vec<_> = listed
        .iter()
        .map(|listed| listed["state"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(states[..4], ["current", "kept", "kept", "discarded"]);
    assert_eq!(listed.len(), 16);
    assert_eq!(listed[15]["digest"], digest(&of(3)), "the oldest are left out");
    assert_eq!(
        listed[1]["cached"], true,
        "a policy that was compiled before is not compiled again"
    );
}

#[tokio::test]
async fn the_shadow_policy_takes_over_when_it_is_promoted() {
    let shadow = variant("shadow");
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("shadow.wasm");
    std::fs::write(&path, &shadow).expect("written");
    let env = [("TIDEGATE_POLICY__SHADOW__PATH", path.to_str().expect("text"))];
    let rig = Rig::start("request-promote", &policy(), &env).await;
    let (status, answer) = rig.post("/admin/promote", "").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(
        (&answer["from"], &answer["to"]),
        (&json!(digest(&policy())), &json!(digest(&shadow)))
    );
    assert_eq!(rig.until_current(&shadow).await["revisions"][0]["by"], "promotion");
    rig.put(&policy());
    rig.until_read_again(0).await;
    // A touch of the file changes nothing.
    rig.assert_current(&shadow).await;
    let (status, problem) = rig.post("/admin/promote", "").await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    std::fs::write(&path, b"no policy").expect("written");
    let (status, problem) = rig.post("/admin/promote", "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    let detail = problem["detail"].as_str().expect("a text");
    assert!(detail.contains("this is not a WebAssembly component"), "{detail}");
    assert_eq!(
        rig.revisions().await["reload"]["state"],
        "ready",
        "that says nothing of the policy's file"
    );
}

#[tokio::test]
async fn the_last_good_policy_is_there_after_many_bad_ones() {
    let rig = Rig::start("request-many", &policy(), &[]).await;
    for number in 2..=20 {
        let bad = variant(&format!("bad {number}"));
        rig.put(&bad);
        rig.until_current(&bad).await;
        let (status, answer) = roll_back(&rig, None).await;
        assert_eq!(
            (status, &answer["to"]),
            (StatusCode::OK, &json!(digest(&policy()))),
            "{answer}"
        );
    }
    let listed = rig.revisions().await;
    assert_eq!(listed["revisions"].as_array().map(Vec::len), Some(16));
}

#[tokio::test]
async fn a_page_in_a_browser_cannot_ask_for_anything() {
    let rig = Rig::start("request-browser", &policy(), &[]).await;
    rig.put(&variant("next"));
    rig.until_current(&variant("next")).await;
    let request = reqwest::Client::new().post(rig.gate.admin_url("/admin/rollback"));
    let answer = request
        .header("origin", "http://example.com")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    rig.assert_current(&variant("next")).await;
}

#[tokio::test]
async fn without_a_shadow_policy_there_is_nothing_to_promote() {
    let rig = SqliteGate::start("request-no-shadow", "").await;
    let answer = reqwest::Client::new()
        .post(rig.admin_url("/admin/promote"))
        .send()
        .await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::NOT_FOUND);
}
