//! `tidegate policy`, as a person reads it and as a program does, on real gates.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_harness::{free_port, wait};
use tidegate_tests::{
    Finished, SqliteGate, dist, event, guest,
    revisions::{builtin, digest, other_builtin},
    tidegate, tidegate_with,
};

/// A gate with a shadow policy, and the commands that are given to it.
struct Rig {
    gate: SqliteGate,
    policy: PathBuf,
    _dir: TempDir,
}

impl Rig {
    async fn start(name: &str, shadow: &Path, env: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let policy = dir.path().join("policy.wasm");
        fs::copy(dist("policy.wasm"), &policy).expect("copied");
        let mut env = env.to_vec();
        env.push(("TIDEGATE_POLICY", policy.to_str().expect("text")));
        env.push(("TIDEGATE_POLICY__SHADOW__PATH", shadow.to_str().expect("text")));
        let gate = SqliteGate::start_with(name, "", &env).await;
        Self {
            gate,
            policy,
            _dir: dir,
        }
    }

    fn run(&self, args: &[&str]) -> Finished {
        let admin = self.gate.admin_url("");
        tidegate(&[&["policy"], args, &["--admin", &admin]].concat(), b"")
    }

    fn text(&self, args: &[&str]) -> String {
        let finished = self.run(args);
        assert_eq!((finished.code, finished.err.as_str()), (0, ""), "{}", finished.out);
        assert!(
            finished.out.lines().all(|line| line.chars().count() <= 80),
            "{}",
            finished.out
        );
        assert!(
            !finished.out.contains('\u{1b}'),
            "no colours where there is no terminal"
        );
        finished.out
    }

    fn json(&self, args: &[&str]) -> Value {
        let finished = self.run(&[args, &["--json"]].concat());
        assert_eq!(
            finished.out.lines().count(),
            1,
            "one object on one line: {}",
            finished.out
        );
        serde_json::from_str(&finished.out).expect("JSON")
    }

    /// Waits until a command's JSON is as wanted.
    async fn until(&self, args: &[&str], is_so: impl Fn(&Value) -> bool) -> Value {
        let found = async || Some(self.json(args)).filter(&is_so);
        match wait::until("the gate to say so", wait::PATIENCE, found).await {
            Ok(found) => found,
            Err(error) => panic!("{error}: {:#}", self.json(args)),
        }
    }

    async fn send(&self, events: &[String]) {
        let before = self.gate.read("task-events").len();
        self.gate.send("task-events", events.join("\n").as_bytes());
        self.gate.processed("task-events", before + events.len()).await;
    }
}

/// The digits of a digest that the commands print.
fn short(digest: &str) -> &str {
    &digest["sha256:".len()..][..12]
}

/// The text without what differs from run to run: times, digests, paths, durations.
fn redacted(text: &str, json: &Value) -> String {
    let mut text = text.to_owned();
    walk(json, &mut |name, value| match name {
        "at" | "since" | "loaded_at" => text = text.replace(value, "<time>"),
        "path"
            if Path::new(value)
                .extension()
                .is_some_and(|extension| extension == "wasm") =>
        {
            text = text.replace(value, "<path>");
        }
        "digest" | "current" => {
            text = text.replace(value, "<digest>");
            text = text.replace(&value[7..19], "<digest>");
        }
        _ => {}
    });
    let lines = text.lines().map(|line| match line.rsplit_once(", in ") {
        Some((head, _)) if line.starts_with("     loaded") => {
            format!("{}, in <time>\n", head.replace("from the cache", "compiled"))
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

fn walk(value: &Value, see: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) => see(name, text),
                    value => walk(value, see),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, see)),
        _ => {}
    }
}

#[tokio::test]
async fn a_person_sees_which_policy_decides_and_rolls_back() {
    let rig = Rig::start("policy-status", &guest("calm"), &[]).await;
    rig.send(&[event("e-1"), "no event".to_owned()]).await;
    // A gate that has just started looks at its file once more.
    rig.until(&["status"], |status| status["reload"]["state"] == "ready")
        .await;
    let shown = |args: &[&str]| redacted(&rig.text(args), &rig.json(&["status"]));
    insta::assert_snapshot!("status", shown(&["status"]));

    let refused = rig.run(&["rollback"]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    let why = "tidegate: not rolled back: there is no earlier revision to roll back to: none is kept\n";
    assert_eq!(refused.err, why);
    let refused = rig.run(&["rollback", "--json"]);
    assert_eq!(refused.code, 1);
    assert!(refused.out.contains("\"status\":409"), "{}", refused.out);

    fs::write(&rig.policy, other_builtin()).expect("written");
    let (first, second) = (digest(&builtin()), digest(&other_builtin()));
    rig.until(&["status"], |status| status["current"] == second).await;
    fs::write(&rig.policy, b"no policy").expect("written");
    rig.until(&["status"], |status| status["reload"]["state"] == "refused")
        .await;
    insta::assert_snapshot!("status-refused", shown(&["status"]));

    let back = rig.text(&["rollback"]);
    let says = format!("rolled back: {} decides\n  before: {}\n", short(&first), short(&second));
    assert!(back.starts_with(&says), "{back}");
    let forth = rig.json(&["rollback", "--to", short(&second)]);
    assert_eq!((&forth["from"], &forth["to"]), (&json!(first), &json!(second)));
    let unknown = rig.run(&["rollback", "--to", "sha256:00000000"]);
    assert_eq!(unknown.code, 1);
    let says = format!(
        "the gate cannot roll back to sha256:00000000: sha256:{} is kept",
        short(&first)
    );
    assert!(unknown.err.contains(&says), "{}", unknown.err);
}

#[tokio::test]
async fn a_person_sees_what_the_shadow_policy_would_change_and_promotes_it() {
    // It accepts less: without this it would be refused.
    let env = [("TIDEGATE_POLICY__RELOAD__ALLOW_DROPPED", "true")];
    let rig = Rig::start("policy-diff", &guest("calm"), &env).await;
    rig.until(&["diff"], |report| report["shadow"]["state"] == "ready")
        .await;
    let shown = || redacted(&rig.text(&["diff"]), &rig.json(&["diff"]));
    insta::assert_snapshot!("diff-nothing", shown());
    assert_eq!(
        rig.run(&["diff", "--exit-code"]).code,
        1,
        "nothing says that it is the same"
    );

    let recurring = r#""Water the plants","recurring_pattern":"DAILY""#;
    let completed = event("done")
        .replace("task.created", "task.completed")
        .replace("\"Water the plants\"", recurring);
    let events = [event("e-1"), event("e-2"), completed, "no event".to_owned()];
    rig.send(&events).await;
    rig.until(&["diff"], |report| report["judged"] == 4).await;
    insta::assert_snapshot!("diff", shown());
    assert_eq!(rig.run(&["diff", "--exit-code"]).code, 1, "something would change");

    let promoted = rig.text(&["promote"]);
    let calm = fs::read(guest("calm")).expect("readable");
    let says = format!(
        "promoted: {} decides\n  before: {}\n",
        short(&digest(&calm)),
        short(&digest(&builtin()))
    );
    assert!(promoted.starts_with(&says), "{promoted}");
    let words: Vec<_> = promoted.split_whitespace().collect();
    assert!(words.join(" ").contains("copy the shadow policy there"), "{promoted}");
    rig.send(&[event("e-3")]).await;
    rig.until(&["diff"], |report| report["judged"] == 1).await;
    insta::assert_snapshot!("diff-same", shown());
    assert_eq!(rig.run(&["diff", "--exit-code"]).code, 0);
    let again = rig.run(&["promote"]);
    assert_eq!(again.code, 1);
    assert!(
        again.err.contains("the shadow policy is the current policy"),
        "{}",
        again.err
    );
}

#[tokio::test]
async fn values_that_would_change_are_shown_where_the_configuration_says_so() {
    let env = [("TIDEGATE_POLICY__SHADOW__SHOW_VALUES", "true")];
    let rig = Rig::start("policy-values", &guest("calm"), &env).await;
    rig.until(&["diff"], |report| report["shadow"]["state"] == "ready")
        .await;
    rig.send(&[event("e-1")]).await;
    rig.until(&["diff"], |report| report["judged"] == 1).await;
    insta::assert_snapshot!("diff-values", redacted(&rig.text(&["diff"]), &rig.json(&["diff"])));
}

#[tokio::test]
async fn a_gate_without_a_shadow_policy_has_nothing_to_promote() {
    let gate = SqliteGate::start("policy-none", "").await;
    let admin = gate.admin_url("");
    for command in ["diff", "promote"] {
        let finished = tidegate(&["policy", command, "--admin", &admin], b"");
        assert_eq!((finished.code, finished.out.as_str()), (1, ""), "{command}");
        assert!(finished.err.contains("policy.shadow.path"), "{}", finished.err);
    }
}

#[tokio::test]
async fn a_gate_that_waits_for_a_policy_says_why() {
    let dir = tempfile::tempdir().expect("a directory");
    let policy = dir.path().join("policy.wasm");
    fs::write(&policy, b"no policy").expect("written");
    let env = [("TIDEGATE_POLICY", policy.to_str().expect("text"))];
    let gate = SqliteGate::start_alive("policy-waits", "", &env).await;
    let admin = gate.admin_url("");
    let says_why = async || {
        let status = tidegate(&["policy", "status", "--admin", &admin], b"");
        assert_eq!((status.code, status.err.as_str()), (1, ""));
        assert!(status.out.starts_with("no policy is loaded\n"), "{}", status.out);
        let why = "this is not a WebAssembly component";
        status.out.contains(why).then_some(())
    };
    let shown = wait::until("the reason", wait::PATIENCE, says_why).await;
    shown.expect("the file is refused");
}

#[tokio::test]
async fn the_gate_is_found_by_its_configuration() {
    let gate = SqliteGate::start("policy-config", "").await;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("gate.yaml");
    let path = file.to_str().expect("text");
    // Listened on everywhere, it is asked here.
    fs::write(&file, format!("admin: {{ listen: \"0.0.0.0:{}\" }}", gate.admin_port())).expect("written");
    let status = tidegate(&["policy", "status", "--config", path], b"");
    assert_eq!(status.code, 0, "{}", status.err);
    let says = format!("revision {} decides\n", short(&digest(&builtin())));
    assert!(status.out.starts_with(&says), "{}", status.out);

    fs::write(&file, "admin: { listen: null }").expect("written");
    let status = tidegate(&["policy", "status", "--config", path], b"");
    assert_eq!(status.code, 3);
    assert!(status.err.contains("`admin.listen` is null"), "{}", status.err);

    let admin = gate.admin_url("");
    let status = tidegate_with(&[("TIDEGATE_ADMIN", &admin)], &["policy", "status"], b"");
    assert_eq!(status.code, 0, "{}", status.err);
}

#[tokio::test]
async fn the_token_of_the_gate_is_sent_and_never_printed() {
    let gate = SqliteGate::start_with("policy-token", "", &[("APP_API_TOKEN", "s3cret")]).await;
    let admin = gate.admin_url("");
    let args = ["policy", "status", "--admin", &admin];
    let refused = tidegate_with(&[("APP_API_TOKEN", "gu3ss")], &args, b"");
    assert_eq!(refused.code, 3);
    assert!(
        refused.err.contains("set APP_API_TOKEN") && !refused.err.contains("gu3ss"),
        "{}",
        refused.err
    );
    assert_eq!(tidegate_with(&[("APP_API_TOKEN", "s3cret")], &args, b"").code, 0);
}

#[tokio::test]
async fn another_server_is_not_taken_for_a_gate_that_refuses() {
    let gate = SqliteGate::start("policy-wrong-port", "").await;
    let other = gate.url("");
    for command in ["status", "diff", "rollback", "promote", "reload"] {
        let finished = tidegate(&["policy", command, "--admin", &other], b"");
        assert_eq!(
            (finished.code, finished.out.as_str()),
            (3, ""),
            "{command}: {}",
            finished.err
        );
    }
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let finished = tidegate(&["policy", "status", "--admin", &nobody], b"");
    assert_eq!(finished.code, 3);
    assert!(
        finished.err.contains("no gate answers at") && finished.err.contains("admin.listen"),
        "{}",
        finished.err
    );
}

#[rstest]
#[case::no_command(&[])]
#[case::no_address(&["status", "--admin", "not an address"])]
#[case::no_such_option(&["promote", "--force"])]
#[case::no_file(&["status", "--timeout", "5"])]
fn a_wrong_command_line_has_its_own_exit_code(#[case] args: &[&str]) {
    let finished = tidegate(&[&["policy"], args].concat(), b"");
    assert_eq!((finished.code, finished.out.as_str()), (2, ""), "{}", finished.err);
}
