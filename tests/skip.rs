//! Tests that cannot run where something is not installed.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

/// Whether a program that a test of something needs is not in PATH; the test says so and is skipped then, but not in CI.
pub fn missing(program: &str, of: &str) -> bool {
    let mut sh = Command::new("sh");
    sh.args(["-c", "command -v \"$0\"", program]).stdout(Stdio::null());
    let missing = !sh.status().is_ok_and(|status| status.success());
    if missing {
        skip(&format!("not in PATH: {program} ({of})"));
    }
    missing
}

/// Says why a test is skipped; in CI nothing is.
pub fn skip(reason: &str) {
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{reason}, and in CI nothing is skipped"
    );
    // Not by `println!`, which a test that passes swallows; on a line of its own, since there may be a name before it.
    let _ = writeln!(std::io::stdout(), "\nskipped: {reason}");
}
