//! What a program is started with: variables that cannot be used, and a standard error that cannot be written.

use std::{ffi::OsStr, fs::File, os::unix::ffi::OsStrExt, process::Command};

use tidegate_tests::dist;

#[test]
fn a_variable_that_cannot_be_used_is_never_ignored() {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, value, says) in [
        (
            "APP_API_TOKEN",
            &b"\xff\xfeabc"[..],
            "APP_API_TOKEN: a token is one line",
        ),
        ("APP_API_TOKEN", b"secret\n", "APP_API_TOKEN: a token is one line"),
        ("DAPR_API_TOKEN", b"sec\xffret", "DAPR_API_TOKEN: a token is one line"),
        (
            "DAPR_HTTP_PORT",
            b"\xff",
            "DAPR_HTTP_PORT: the variable is not valid UTF-8",
        ),
        (
            "TIDEGATE_ADMIN__LISTEN",
            b"\xff",
            "TIDEGATE_ADMIN__LISTEN: the variable is not valid UTF-8",
        ),
        ("TIDEGATE_LOG", b"\xff", "TIDEGATE_LOG"),
    ] {
        let started = Command::new(dist("tidegate"))
            .arg("serve")
            .current_dir(dir.path())
            .env("TIDEGATE_POLICY", dist("policy.wasm"))
            .env("TIDEGATE_LISTEN", "127.0.0.1:0")
            .env("TIDEGATE_ADMIN__LISTEN", "127.0.0.1:0")
            .env(name, OsStr::from_bytes(value))
            .output()
            .expect("the program starts");
        let err = String::from_utf8(started.stderr).expect("text");
        assert_eq!(started.status.code(), Some(3), "{name}: {err}");
        assert!(err.contains(says) && !err.contains("secret"), "{name}: {err}");
    }
}

#[test]
fn a_standard_error_that_cannot_be_written_ends_no_command() {
    let full = || File::options().write(true).open("/dev/full").expect("there");
    let reloads = "TIDEGATE_POLICY__RELOAD__ENABLED";
    for (args, code) in [
        // It logs before it ends.
        (&["serve", "--policy", "none.wasm"][..], 3),
        (&["check", "none.wasm"], 3),
        (&["dlq", "show", "none", "--from", "/dev/null"], 1),
        (&["serve", "--config", "none.yaml"], 3),
    ] {
        let mut command = Command::new(dist("tidegate"));
        let ended = command.args(args).env(reloads, "false").stderr(full()).output();
        assert_eq!(ended.expect("it starts").status.code(), Some(code), "{args:?}");
    }
}
