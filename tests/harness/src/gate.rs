//! The gate itself: the program `tidegate serve`, to be killed, stopped and started again like any other service.

use std::ops::Deref;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::{Command, Dir, Ready, Server, services::repository};

/// A running gate.
#[derive(Debug)]
pub struct Gate(Server);

impl Gate {
    /// Starts `tidegate serve --config FILE` with a configuration that makes it listen on `port`, and waits until `GET /readyz`
    /// answers 200. Relative paths in the configuration start at a new directory, which stays the same on a restart.
    pub async fn start(dir: &Dir, port: u16, config: &str, env: &[(&str, &str)]) -> Result<Self> {
        Self::start_named(dir, "gate", port, config, env).await
    }

    /// The same under a name, by which its directory and its log differ from those of the test's other gates.
    pub async fn start_named(dir: &Dir, name: &str, port: u16, config: &str, env: &[(&str, &str)]) -> Result<Self> {
        Self::start_until(dir, name, port, "readyz", config, env).await
    }

    /// The same, and waits only until it answers: its policy may be bad.
    pub async fn start_alive(dir: &Dir, port: u16, config: &str, env: &[(&str, &str)]) -> Result<Self> {
        Self::start_until(dir, "gate", port, "healthz", config, env).await
    }

    async fn start_until(
        dir: &Dir,
        name: &str,
        port: u16,
        probe: &str,
        config: &str,
        env: &[(&str, &str)],
    ) -> Result<Self> {
        let program = program()?;
        let home = dir.service(name)?;
        let file = home.join("tidegate.yaml");
        std::fs::write(&file, config)?;
        let ready = Ready::Http(format!("http://127.0.0.1:{port}/{probe}"));
        let command = Command::new(name, &program, home, ready)
            .args(["serve", "--config", &file.display().to_string()])
            .env(env);
        Server::start(port, command).await.map(Self)
    }
}

impl Deref for Gate {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
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
