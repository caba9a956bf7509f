//! Going back and forth on request.

use reqwest::StatusCode;
use serde_json::json;
use tidegate_tests::{Embedded, event};

use crate::rig::{Rig, digest, policy, variant};

#[tokio::test]
async fn the_gate_goes_back_when_it_is_asked_to_and_stays_there() {
    let rig = Rig::start("request-back", &policy(), &[]).await;
    let (status, problem) = rig.ask("/admin/rollback", "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        problem["detail"],
        "there is no earlier revision to go back to: none is kept"
    );

    let next = variant("next");
    rig.put(&next);
    rig.until_current(2).await;
    let (status, answer) = rig.ask("/admin/rollback", "").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!((&answer["from"], &answer["to"]), (&json!(2), &json!(1)));
    assert_eq!(answer["digest"], digest(&policy()));

    rig.gate.send("task-events", event("e-1").as_bytes());
    rig.gate.judged("task-events", 1).await;
    assert_eq!(rig.gate.read("task-events.gated")[0]["revision"], 1);

    // The file is written again as it was: it is not taken again.
    rig.put(&next);
    let why = rig.until_refused().await;
    assert!(why.starts_with("the gate went back from this very file at "), "{why}");
    let (status, answer) = rig.ask("/admin/rollback", r#"{"revision":2}"#).await;
    assert_eq!(
        (status, &answer["to"]),
        (StatusCode::OK, &json!(2)),
        "asked for by its number it is"
    );
    assert_eq!(
        rig.until_current(2).await["reload"],
        json!({ "state": "ready" }),
        "and the file is as good as any"
    );
    let (_, answer) = rig.ask("/admin/rollback", "").await;
    assert_eq!(answer["to"], 1, "that one was left for a later one, so it is good");
    rig.ask("/admin/rollback", r#"{"revision":2}"#).await;
    let (status, problem) = rig.ask("/admin/rollback", r#"{"revision":7}"#).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        problem["detail"],
        "revision 7 cannot be gone back to: 1 is kept; its file can be put back"
    );
    assert_eq!(
        rig.ask("/admin/rollback", r#"{"to":1}"#).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        rig.gate
            .counted("tidegate_policy_rollbacks_total{by=\"request\"}")
            .await,
        4
    );
    assert_eq!(rig.gate.counted("tidegate_policy_revision ").await, 2);
}

#[tokio::test]
async fn three_policies_are_kept_and_sixteen_revisions_are_listed() {
    let rig = Rig::start("request-kept", &policy(), &[]).await;
    for number in 2..=18 {
        rig.put(&variant(if number % 2 == 0 { "even" } else { "odd" }));
        rig.until_current(number).await;
    }
    let found = rig.revisions().await;
    let listed = found["revisions"].as_array().expect("a list");
    let states: Vec<_> = listed
        .iter()
        .map(|listed| listed["state"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(states[..4], ["current", "kept", "kept", "left"]);
    assert_eq!((listed.len(), &listed[15]["number"]), (16, &json!(3)));
    assert_eq!(
        listed[1]["cached"], true,
        "a policy that was compiled before is not compiled again"
    );
}

#[tokio::test]
async fn the_candidate_takes_over_when_it_is_promoted() {
    let candidate = variant("candidate");
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("candidate.wasm");
    std::fs::write(&path, &candidate).expect("written");
    let env = [("TIDEGATE_POLICY__CANDIDATE", path.to_str().expect("text"))];
    let rig = Rig::start("request-promote", &policy(), &env).await;
    let (status, answer) = rig.ask("/admin/promote", "").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!((&answer["from"], &answer["to"]), (&json!(1), &json!(2)));
    assert_eq!(answer["digest"], digest(&candidate));
    assert_eq!(rig.until_current(2).await["revisions"][0]["by"], "promotion");
    rig.until_read_again(0).await;
    rig.put(&policy());
    rig.until_read_again(1).await;
    assert_eq!(
        rig.revisions().await["current"],
        2,
        "the file is as it was: that changes nothing"
    );
    let (status, problem) = rig.ask("/admin/promote", "").await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    std::fs::write(&path, b"no policy").expect("written");
    let (status, problem) = rig.ask("/admin/promote", "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    let detail = problem["detail"].as_str().expect("a text");
    assert!(detail.contains("this is not a WebAssembly component"), "{detail}");
    assert_eq!(
        rig.revisions().await["reload"]["state"],
        "ready",
        "the file itself is as good as before"
    );
}

#[tokio::test]
async fn the_last_good_policy_is_there_after_many_bad_ones() {
    let rig = Rig::start("request-many", &policy(), &[]).await;
    for number in 2..=20 {
        rig.put(&variant(&format!("bad {number}")));
        rig.until_current(number).await;
        let (status, answer) = rig.ask("/admin/rollback", "").await;
        assert_eq!((status, &answer["to"]), (StatusCode::OK, &json!(1)), "{answer}");
    }
    let listed = rig.revisions().await;
    assert_eq!(listed["revisions"].as_array().map(Vec::len), Some(16));
}

#[tokio::test]
async fn a_page_in_a_browser_cannot_ask_for_anything() {
    let rig = Rig::start("request-browser", &policy(), &[]).await;
    rig.put(&variant("next"));
    rig.until_current(2).await;
    let request = reqwest::Client::new().post(rig.gate.admin_url("/admin/rollback"));
    let answer = request
        .header("origin", "http://example.com")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(rig.revisions().await["current"], 2);
}

#[tokio::test]
async fn without_a_candidate_there_is_nothing_to_promote() {
    let rig = Embedded::start("request-no-candidate", "").await;
    let answer = reqwest::Client::new()
        .post(rig.admin_url("/admin/promote"))
        .send()
        .await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::NOT_FOUND);
}
