//! The gate itself: the program `tidegate serve`, to be killed, stopped and started again like any other service.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::{Command, Dir, Process, Ready, services::repository, wait};

/// A running gate.
#[derive(Debug)]
pub struct Gate {
    process: Process,
    port: u16,
}

impl Gate {
    /// Starts `tidegate serve --config FILE` with a configuration that makes it listen on `port`, and waits until `GET /readyz`
    /// answers 200. Relative paths in the configuration start at a new directory, which stays the same on a restart.
    pub async fn start(dir: &Dir, port: u16, config: &str, env: &[(&str, &str)]) -> Result<Self> {
        let program = program()?;
        let home = dir.service("gate")?;
        let file = home.join("tidegate.yaml");
        std::fs::write(&file, config)?;
        let process = Process::start(Command {
            name: "gate".into(),
            program,
            args: vec!["serve".into(), "--config".into(), file.display().to_string()],
            env: env
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            dir: home,
            ready: Ready::Http(format!("http://127.0.0.1:{port}/readyz")),
            patience: wait::PATIENCE,
        })
        .await?;
        Ok(Self { process, port })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of one of its paths.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Its process: `kill9`, `terminate` and `restart`, on the same port and in the same directory.
    pub fn process(&self) -> &Process {
        &self.process
    }
}

/// The program that is tested: `TIDEGATE_BIN`, or `dist/tidegate` in the repository.
fn program() -> Result<PathBuf> {
    let path = std::env::var_os("TIDEGATE_BIN").map_or_else(|| repository().join("dist/tidegate"), PathBuf::from);
    ensure!(
        path.is_file(),
        "no gate at {}: build it, or name it in TIDEGATE_BIN",
        path.display()
    );
    std::path::absolute(&path).context("the gate's path")
}
