//! `cargo xtask deny`: what the dependencies may be, checked with cargo-deny against `deny.toml`.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Result, ensure};

use crate::{
    places::Places,
    steps::{self, Steps},
};

/// Runs cargo-deny. It is not part of `cargo xtask test`: it takes minutes to install and looks at nothing that a test
/// could break.
pub(crate) fn run(places: &Places, steps: &Steps) -> Result<ExitCode> {
    let installed = Command::new("cargo-deny")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ensure!(
        installed.is_ok_and(|status| status.success()),
        "cargo-deny is not installed; install it with\n\n    cargo install cargo-deny --locked\n"
    );
    steps.say("checking licenses, bans and sources of all dependencies");
    steps::run(&mut places.cargo(["deny", "check", "licenses", "bans", "sources"]))?;
    Ok(ExitCode::SUCCESS)
}
