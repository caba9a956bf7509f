//! The shadow policy of a gate: what it would change is reported, and nothing of it is ever done.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reqwest::{Client, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_harness::wait;
use tidegate_tests::{
    SqliteGate, dist, event, guest, next_policy,
    revisions::{builtin, digest, other_builtin},
};

/// A gate with the policy of the repository and a shadow policy beside it.
struct Rig {
    gate: SqliteGate,
    shadow: PathBuf,
    policy: PathBuf,
    _dir: TempDir,
}

impl Rig {
    /// `shadow`: what is in its file; `None`: there is no file. `env` overrides the configuration.
    async fn start(name: &str, shadow: Option<&Path>, env: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let [policy, path] = ["policy.wasm", "shadow.wasm"].map(|name| dir.path().join(name));
        fs::copy(dist("policy.wasm"), &policy).expect("copied");
        if let Some(shadow) = shadow {
            fs::copy(shadow, &path).expect("copied");
        }
        let text = |path: &Path| path.to_str().expect("a path that is text").to_owned();
        let paths = [text(&policy), text(&path)];
        let mut env = env.to_vec();
        env.push(("TIDEGATE_POLICY", &paths[0]));
        env.push(("TIDEGATE_POLICY__SHADOW__PATH", &paths[1]));
        Self {
            gate: SqliteGate::start_with(name, "", &env).await,
            shadow: path,
            policy,
            _dir: dir,
        }
    }

    /// The same, once the shadow policy judges.
    async fn ready(name: &str, shadow: &Path, env: &[(&str, &str)]) -> Self {
        let rig = Self::start(name, Some(shadow), env).await;
        rig.until("ready").await;
        rig
    }

    async fn report(&self) -> Value {
        let answer = reqwest::get(self.gate.admin_url("/admin/shadow")).await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    async fn until_that(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let found = async || Some(self.report().await).filter(&is_so);
        match wait::until(what, wait::PATIENCE, found).await {
            Ok(report) => report,
            Err(error) => panic!("{error}: {:#}", self.report().await),
        }
    }

    async fn until(&self, state: &str) -> Value {
        self.until_that(state, |report| report["shadow"]["state"] == state)
            .await
    }

    /// Waits until the shadow policy has judged or skipped so many events.
    async fn until_done(&self, count: u64) -> Value {
        let done = |report: &Value| number(report, "judged") + number(report, "skipped") == count;
        let report = self.until_that("the shadow policy to be done", done).await;
        assert_eq!(report["seen"], count, "{report:#}");
        report
    }

    /// Sends events, waits until they are processed, and returns how many outputs and how many dead letters there are.
    async fn send(&self, events: &[String]) -> (usize, usize) {
        let before = self.gate.read("task-events").len();
        self.gate.send("task-events", events.join("\n").as_bytes());
        self.gate.processed("task-events", before + events.len()).await;
        (self.gate.read("task-events.gated").len(), self.gate.read("dlq").len())
    }

    fn put(&self, path: &Path, bytes: &[u8]) {
        let new = self.policy.with_extension("tmp");
        fs::write(&new, bytes).expect("written");
        fs::rename(new, path).expect("renamed");
    }
}

fn number(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("no {name}: {report:#}"))
}

fn events(count: usize) -> Vec<String> {
    (0..count).map(|number| event(&format!("e-{number}"))).collect()
}

/// One of each kind: valid in both versions, with an event that follows from it, invalid, unknown, and no JSON.
fn mixed() -> Vec<String> {
    let recurring = r#""Water the plants","recurring_pattern":"DAILY""#;
    vec![
        event("old"),
        event("new")
            .replace("\"1.0\"", "\"1.1\"")
            .replace("{\"title\"", "{\"new_field\":null,\"title\""),
        event("done")
            .replace("task.created", "task.completed")
            .replace("\"Water the plants\"", recurring),
        event("wrong").replace("9007199254740993", "\"9\""),
        event("odd").replace("task.created", "task.archived"),
        "no event".to_owned(),
    ]
}

fn kinds(report: &Value) -> Vec<(&str, u64)> {
    let changes = report["changes"].as_array().expect("a list");
    let kind = |change: &'_ Value| -> u64 { change["count"].as_u64().expect("a count") };
    changes
        .iter()
        .map(|change| (change["kind"].as_str().expect("a text"), kind(change)))
        .collect()
}

#[tokio::test]
async fn a_policy_would_change_nothing_of_what_it_does_itself() {
    let rig = Rig::ready("shadow-same", &dist("policy.wasm"), &[]).await;
    let events = mixed();
    let counts = rig.send(&events).await;
    assert_eq!(
        counts,
        (4, 3),
        "three are published, one of them with another, and three are dead-lettered"
    );
    let report = rig.until_done(events.len() as u64).await;
    assert_eq!(
        (&report["same"], &report["changed"], &report["changes"]),
        (&json!(6), &json!(0), &json!([]))
    );
    assert_eq!(report["shadow"]["digest"], report["against"]["digest"]);
    assert_eq!(
        rig.gate.counted("tidegate_shadow_events_total{result=\"same\"}").await,
        6
    );
    assert_eq!(
        (rig.gate.read("task-events.gated").len(), rig.gate.read("dlq").len()),
        counts,
        "nothing of the shadow policy is published"
    );
}

#[tokio::test]
async fn differences_are_reported_by_kind_type_and_place() {
    let rig = Rig::ready("shadow-kinds", &guest("calm"), &[]).await;
    let events = mixed();
    let counts = rig.send(&events).await;
    let mut report = rig.until_done(events.len() as u64).await;
    let text = report.to_string();
    for personal in ["Water the plants", "user-1", "9007199254740993"] {
        assert!(!text.contains(personal), "{personal} is reported: {report:#}");
    }
    assert_eq!(
        rig.gate
            .counted("tidegate_shadow_events_total{result=\"changed\"}")
            .await,
        number(&report, "changed")
    );
    assert_eq!(
        (rig.gate.read("task-events.gated").len(), rig.gate.read("dlq").len()),
        counts
    );
    report["since"] = json!("…");
    report["shadow"]["path"] = json!("…");
    for policy in ["shadow", "against"] {
        report[policy]["digest"] = json!("…");
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).expect("JSON"));
}

#[tokio::test]
async fn values_are_reported_where_the_configuration_says_so() {
    let env = [("TIDEGATE_POLICY__SHADOW__SHOW_VALUES", "true")];
    let rig = Rig::ready("shadow-values", &guest("calm"), &env).await;
    rig.send(&[event("e-1")]).await;
    let report = rig.until_done(1).await;
    let changes = report["changes"].as_array().expect("a list");
    let values = |kind: &str| {
        let change = changes.iter().find(|change| change["kind"] == kind);
        &change.unwrap_or_else(|| panic!("{report:#}"))["examples"][0]["values"][0]
    };
    assert_eq!(
        values("output changed at /event_version"),
        &json!({"path": "/event_version", "live": "\"1.1\"", "shadow": "\"1.0\""})
    );
    assert_eq!(
        values("output loses what is at /payload/new_field"),
        &json!({"path": "/payload/new_field", "live": "null", "shadow": null})
    );
}

#[tokio::test]
async fn what_the_shadow_policy_rejects_is_published_as_before() {
    let rig = Rig::ready("shadow-rejects", &guest("rejects"), &[]).await;
    assert_eq!(rig.send(&events(20)).await, (20, 0));
    let report = rig.until_done(20).await;
    assert_eq!(kinds(&report), [("forward → reject", 20)]);
    let change = &report["changes"][0];
    assert_eq!(
        (&change["event_type"], &change["version"]),
        (&json!("task.created"), &json!("1.0"))
    );
    let examples = change["examples"].as_array().expect("a list");
    assert_eq!(examples.len(), 3, "a few, however many there are");
    assert_eq!(
        examples[0]["shadow_violations"][0],
        json!({"code": "schema", "path": ""})
    );
    assert_eq!(rig.gate.read("dlq").len(), 0);
    assert_eq!(rig.gate.read("ops-alerts").len(), 0);
}

#[tokio::test]
async fn what_the_shadow_policy_traps_on_is_published_as_before() {
    let rig = Rig::ready("shadow-traps", &guest("traps-when-told"), &[]).await;
    let trap = |number: usize| event(&format!("t-{number}")).replace("{\"title\"", "{\"trap\":true,\"title\"");
    let traps: Vec<_> = (0..20).map(trap).collect();
    assert_eq!(rig.send(&traps).await, (20, 0));
    let report = rig.until_done(20).await;
    assert_eq!(kinds(&report), [("forward → fault (trap)", 20)]);
    assert_eq!(
        rig.gate.counted("tidegate_shadow_events_total{result=\"fault\"}").await,
        20
    );
    let faults = rig.gate.counted("tidegate_policy_faults_total{kind=\"trap\"}").await;
    assert_eq!(faults, 0, "the policy itself did not fault");
    assert_eq!(
        rig.gate.status().await["revision"]["digest"],
        digest(&builtin()),
        "the policy stays"
    );
}

#[rstest]
#[case::memory("eats-memory", "memory")]
#[case::a_stack("recurses", "stack")]
#[case::gigabytes("floods", "output")]
#[case::a_decision_that_does_not_exist("no-such-case", "answer")]
#[case::no_id("no-id", "no-id")]
#[case::no_json("not-json", "not-json")]
#[case::a_channel_that_leads_nowhere("stray", "unbound-channel")]
#[tokio::test]
async fn the_harm_of_a_shadow_policy_is_reported_and_not_done(#[case] shadow: &str, #[case] fault: &str) {
    // A busy machine must not make it a `deadline`.
    let env = [("TIDEGATE_LIMITS__DEADLINE_MS", "60000")];
    let rig = Rig::ready(&format!("shadow-{shadow}"), &guest(shadow), &env).await;
    assert_eq!(rig.send(&events(5)).await, (5, 0));
    let report = rig.until_done(5).await;
    assert_eq!(kinds(&report), [(format!("forward → fault ({fault})").as_str(), 5)]);
    assert_eq!(rig.send(&[event("after")]).await, (6, 0));
}

#[tokio::test]
async fn what_a_shadow_policy_that_loops_has_no_time_for_is_skipped() {
    let env = [("TIDEGATE_POLICY__SHADOW__QUEUE", "1")];
    let rig = Rig::ready("shadow-loops", &guest("loops"), &env).await;
    assert_eq!(rig.send(&events(200)).await, (200, 0));
    let report = rig.until_done(200).await;
    let (judged, skipped) = (number(&report, "judged"), number(&report, "skipped"));
    assert!(judged > 0 && skipped > 0, "{report:#}");
    assert_eq!(kinds(&report), [("forward → fault (deadline)", judged)]);
    let counted = async |result: &str| {
        rig.gate
            .counted(&format!("tidegate_shadow_events_total{{result={result:?}}}"))
            .await
    };
    assert_eq!((counted("fault").await, counted("skipped").await), (judged, skipped));
}

#[tokio::test]
async fn a_new_version_is_reported_by_what_it_adds() {
    let rig = Rig::ready("shadow-next", &next_policy(), &[]).await;
    assert_eq!(rig.send(&events(1)).await, (1, 0));
    let report = rig.until_done(1).await;
    let gained = "output gains something at /payload/priority";
    assert_eq!(kinds(&report), [("output changed at /event_version", 1), (gained, 1)]);
    assert_eq!(rig.gate.read("task-events.gated")[0]["event"]["event_version"], "1.1");
}

#[tokio::test]
async fn a_shadow_policy_may_be_missing_bad_and_corrected_while_the_gate_goes_on() {
    let rig = Rig::start("shadow-file", None, &[]).await;
    let why = |report: &Value| report["shadow"]["why"].as_str().unwrap_or_default().to_owned();
    assert_eq!(why(&rig.until("none").await), "there is no such file");
    assert_eq!(rig.send(&events(1)).await, (1, 0));

    rig.put(&rig.shadow, b"no policy");
    let refused = why(&rig.until("refused").await);
    assert!(refused.contains("this is not a WebAssembly component"), "{refused}");
    assert_eq!(rig.send(&[event("f-1")]).await, (2, 0));

    rig.put(&rig.shadow, &fs::read(guest("traps")).expect("readable"));
    let faults = |report: &Value| why(report).contains("it faults on its own examples");
    rig.until_that("the reason to be another", faults).await;
    assert_eq!(rig.send(&[event("f-2")]).await, (3, 0));

    rig.put(&rig.shadow, &fs::read(guest("calm")).expect("readable"));
    let report = rig.until("ready").await;
    assert_eq!((&report["seen"], &report["shadow"]["why"]), (&json!(0), &Value::Null));
    assert_eq!(rig.send(&[event("f-3")]).await, (4, 0));
    rig.until_done(1).await;

    fs::remove_file(&rig.shadow).expect("removed");
    let report = rig.until("none").await;
    assert_eq!(report["seen"], 0);
    assert_eq!(rig.send(&[event("f-4")]).await, (5, 0));
    assert_eq!(
        rig.gate.status().await["revision"]["digest"],
        digest(&builtin()),
        "the policy stays"
    );
}

#[tokio::test]
async fn the_counts_begin_anew_with_another_shadow_policy_and_with_another_policy() {
    let rig = Rig::ready("shadow-anew", &guest("calm"), &[]).await;
    rig.send(&events(5)).await;
    rig.until_done(5).await;

    rig.put(&rig.shadow, &fs::read(dist("policy.wasm")).expect("readable"));
    let is_other = |report: &Value| report["shadow"]["digest"] == report["against"]["digest"];
    let report = rig.until_that("the other shadow", is_other).await;
    assert_eq!((&report["seen"], &report["changes"]), (&json!(0), &json!([])));
    rig.send(&[event("f-1")]).await;
    assert_eq!(rig.until_done(1).await["same"], 1);

    rig.put(&rig.policy, &other_builtin());
    let other = digest(&other_builtin());
    let took_over = |report: &Value| report["against"]["digest"] == other;
    let report = rig.until_that("the other policy", took_over).await;
    assert_eq!(report["seen"], 0);
    rig.send(&[event("f-2")]).await;
    assert_eq!(rig.until_done(1).await["same"], 1);
}

#[tokio::test]
async fn an_event_is_always_in_the_sample_or_never() {
    let env = [("TIDEGATE_POLICY__SHADOW__SAMPLE", "0.3")];
    let rig = Rig::ready("shadow-sample", &dist("policy.wasm"), &env).await;
    let events = events(200);
    rig.send(&events).await;
    let first = number(&rig.report().await, "seen");
    assert!((30..90).contains(&first), "{first} of 200");
    rig.send(&events).await;
    assert_eq!(
        number(&rig.report().await, "seen"),
        2 * first,
        "a duplicate is judged too"
    );
    rig.until_done(2 * first).await;
}

#[tokio::test]
async fn the_shadow_policy_gets_only_what_producers_send() {
    let rig = Rig::ready("shadow-origins", &dist("policy.wasm"), &[]).await;
    rig.send(&["no event".to_owned()]).await;
    rig.until_done(1).await;
    let letter = rig.gate.read("dlq")[0]["event"].to_string();
    let failure =
        json!({"event": serde_json::from_str::<Value>(&event("e-1")).expect("JSON"), "error": "no", "retry_count": 0});
    for (path, body) in [("/v1/redrive", letter), ("/v1/failures", failure.to_string())] {
        let answer = Client::new().post(rig.gate.url(path)).body(body).send().await;
        let status = answer.expect("an answer").status();
        assert!(
            status != StatusCode::NOT_FOUND && !status.is_server_error(),
            "{path}: {status}"
        );
    }
    assert_eq!(rig.report().await["seen"], 1);
}

#[tokio::test]
async fn without_a_shadow_policy_there_is_no_report() {
    let gate = SqliteGate::start("shadow-none", "").await;
    let answer = reqwest::get(gate.admin_url("/admin/shadow")).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = answer.json().await.expect("JSON");
    assert!(
        problem["detail"].to_string().contains("policy.shadow.path"),
        "{problem}"
    );
}
