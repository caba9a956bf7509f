//! Tests that cannot run where a program is not installed.
#![allow(clippy::print_stdout, reason = "a test that is skipped says why")]

use std::process::{Command, Stdio};

/// Whether a program that a test of something needs is not in PATH; the test says so and is skipped then, but not in CI.
pub fn missing(program: &str, of: &str) -> bool {
    let mut sh = Command::new("sh");
    sh.args(["-c", "command -v \"$0\"", program]).stdout(Stdio::null());
    let missing = !sh.status().is_ok_and(|status| status.success());
    if missing {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "{program} is not in PATH, and in CI nothing is skipped"
        );
        println!("skipped: not in PATH: {program} ({of})");
    }
    missing
}
