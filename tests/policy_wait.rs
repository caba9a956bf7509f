//! `tidegate policy status --wait-for` and `diff --wait-for`: what a deployment waits for.

use std::{fs, net::TcpListener, path::Path, time::Duration};

use tempfile::TempDir;
use tidegate_harness::free_port;
use tidegate_tests::{
    Finished, SqliteGate, dist, guest,
    revisions::{builtin, digest, other_builtin},
    tidegate,
};

/// Waits until a gate decides by a file.
fn wait_for(admin: &str, command: &str, file: &Path, timeout: &str) -> Finished {
    let file = file.to_str().expect("text");
    tidegate(
        &[
            "policy",
            command,
            "--admin",
            admin,
            "--timeout",
            timeout,
            "--wait-for",
            file,
        ],
        b"",
    )
}

/// The first line of `tidegate policy status` for this policy.
fn decides_by(policy: &[u8]) -> String {
    format!("revision {} decides\n", &digest(policy)["sha256:".len()..][..12])
}

#[tokio::test]
async fn it_ends_when_the_file_takes_over_or_is_refused() {
    let dir = TempDir::new().expect("a directory");
    let policy = dir.path().join("policy.wasm");
    fs::copy(dist("policy.wasm"), &policy).expect("copied");
    let env = [("TIDEGATE_POLICY", policy.to_str().expect("text"))];
    let gate = SqliteGate::start_with("policy-wait-for", "", &env).await;
    let wait_for = |file: &Path, timeout| wait_for(&gate.admin_url(""), "status", file, timeout);

    fs::write(&policy, other_builtin()).expect("written");
    let decides = wait_for(&policy, "60");
    assert_eq!((decides.code, decides.err.as_str()), (0, ""));
    assert!(
        decides.out.starts_with(&decides_by(&other_builtin())),
        "{}",
        decides.out
    );

    let other = wait_for(&guest("calm"), "5");
    assert_eq!(other.code, 1);
    assert!(other.err.contains("is not loaded within"), "{}", other.err);

    fs::write(&policy, b"no policy").expect("written");
    let refused = wait_for(&policy, "60");
    assert_eq!((refused.code, refused.err.as_str()), (1, ""));
    assert!(refused.out.contains("refused at"), "{}", refused.out);

    let missing = wait_for(Path::new("nowhere.wasm"), "60");
    assert_eq!(missing.code, 3);
    assert!(missing.err.contains("nowhere.wasm cannot be read"), "{}", missing.err);
}

#[tokio::test]
async fn a_file_that_was_replaced_may_be_put_back() {
    let dir = TempDir::new().expect("a directory");
    let policy = dir.path().join("policy.wasm");
    // The one accepts less, and is refused.
    let (builtin, calm) = (
        fs::read(dist("policy.wasm")).expect("readable"),
        fs::read(guest("calm")).expect("readable"),
    );
    fs::write(&policy, &builtin).expect("written");
    let env = [("TIDEGATE_POLICY", policy.to_str().expect("text"))];
    let gate = SqliteGate::start_with("policy-wait-again", "", &env).await;
    let wait_for = |file: &Path| wait_for(&gate.admin_url(""), "status", file, "60");
    fs::write(&policy, &calm).expect("written");
    assert_eq!(wait_for(&policy).code, 1);
    fs::write(&policy, &builtin).expect("written");
    let back = wait_for(&policy);
    assert_eq!((back.code, back.err.as_str()), (0, ""), "{}", back.out);
}

#[tokio::test]
async fn a_gate_that_does_not_follow_its_file_is_not_waited_for() {
    let env = [("TIDEGATE_POLICY__RELOAD__ENABLED", "false")];
    let gate = SqliteGate::start_with("policy-wait-off", "", &env).await;
    let waited = wait_for(&gate.admin_url(""), "status", &guest("calm"), "60");
    assert_eq!((waited.code, waited.err.as_str()), (1, ""));
    assert!(waited.out.contains("off: the file is not watched"), "{}", waited.out);
}

#[tokio::test]
async fn a_shadow_policy_is_waited_for_too() {
    let calm = guest("calm");
    let env = [("TIDEGATE_POLICY__SHADOW__PATH", calm.to_str().expect("text"))];
    let gate = SqliteGate::start_with("policy-wait-shadow", "", &env).await;
    let judges = wait_for(&gate.admin_url(""), "diff", &calm, "60");
    assert_eq!((judges.code, judges.err.as_str()), (0, ""));
    assert!(judges.out.contains("no event has been judged yet"), "{}", judges.out);

    let gate = SqliteGate::start("policy-wait-nobody", "").await;
    let none = wait_for(&gate.admin_url(""), "diff", &calm, "60");
    assert_eq!((none.code, none.out.as_str()), (1, ""));
    assert!(none.err.contains("policy.shadow.path"), "{}", none.err);
}

#[test]
fn a_gate_that_does_not_answer_is_waited_for_no_longer_than_said() {
    // The kernel takes the connection, as it does for a gate that is busy with its first policy.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    for port in [free_port(), silent.local_addr().expect("an address").port()] {
        let admin = format!("http://127.0.0.1:{port}");
        let finished = wait_for(&admin, "status", &dist("policy.wasm"), "1");
        assert_eq!(finished.code, 3, "{}", finished.err);
        assert!(finished.err.starts_with("tidegate: "), "{}", finished.err);
    }
}

#[tokio::test]
async fn a_gate_that_starts_later_is_waited_for() {
    let admin = format!("127.0.0.1:{}", free_port());
    let waits = tokio::task::spawn_blocking({
        let admin = format!("http://{admin}");
        move || wait_for(&admin, "status", &dist("policy.wasm"), "60")
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waits.is_finished(), "there is no gate yet");
    let env = [("TIDEGATE_ADMIN__LISTEN", admin.as_str())];
    let _gate = SqliteGate::start_with("policy-starts-later", "", &env).await;
    let waited = waits.await.expect("it ends");
    assert_eq!((waited.code, waited.err.as_str()), (0, ""));
    assert!(waited.out.starts_with(&decides_by(&builtin())), "{}", waited.out);
}
