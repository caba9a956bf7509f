//! The built program, run to its end.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How a run of the program ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code.
    pub code: i32,
    /// What it printed.
    pub out: String,
    /// What it said on standard error.
    pub err: String,
}

/// A file that `cargo xtask build` makes: the program or the policy.
pub fn dist(name: &str) -> PathBuf {
    let named = match name {
        "tidegate" => std::env::var_os("TIDEGATE_BIN"),
        "policy.wasm" => std::env::var_os("TIDEGATE_POLICY"),
        _ => None,
    };
    let path = named.map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../dist").join(name),
        PathBuf::from,
    );
    assert!(
        path.is_file(),
        "{} is not there: run `cargo xtask build`",
        path.display()
    );
    path
}

/// A policy for tests, by the name of its file in `tests/guests/`.
pub fn guest(name: &str) -> PathBuf {
    dist(&format!("guests/{name}.wasm"))
}

/// Another policy than the builtin one: that of `examples/next-policy`.
pub fn next_policy() -> PathBuf {
    dist("next-policy.wasm")
}

/// Runs `tidegate` with these arguments and this input; the policy is the one of `dist`.
pub fn tidegate(args: &[&str], input: &[u8]) -> Finished {
    tidegate_with(&[], args, input)
}

/// The same with variables of its own.
pub fn tidegate_with(env: &[(&str, &str)], args: &[&str], input: &[u8]) -> Finished {
    let mut command = Command::new(dist("tidegate"));
    command
        .args(args)
        .env("TIDEGATE_POLICY", dist("policy.wasm"))
        .envs(env.iter().copied());
    run(command, input)
}

/// Runs `tidegate` in a working directory, with no policy but what the arguments name.
pub fn tidegate_in(dir: &Path, args: &[&str], input: &[u8]) -> Finished {
    let program = std::path::absolute(dist("tidegate")).expect("a path");
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).env_remove("TIDEGATE_POLICY");
    run(command, input)
}

fn run(mut command: Command, input: &[u8]) -> Finished {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A program that does not read its input closes the pipe.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("the input is written");
    Finished {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
