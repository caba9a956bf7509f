//! A Redis server that keeps its data when it is killed and started again.

use anyhow::{Context, Result};

use crate::{Command, Dir, Process, Ready, Services, free_port, wait};

/// A running server.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    port: u16,
}

impl Redis {
    /// Starts an empty server.
    pub async fn start(services: &Services, dir: &Dir) -> Result<Self> {
        let program = services.redis.clone().context("redis-server is not in PATH")?;
        let home = dir.service("redis")?;
        let port = free_port();
        let options = [
            ("--port", port.to_string().as_str()),
            ("--bind", "127.0.0.1"),
            ("--save", ""),
            ("--appendonly", "yes"),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_owned()])
        .collect();
        let process = Process::start(Command {
            name: "redis".into(),
            program,
            args: options,
            env: vec![],
            dir: home,
            ready: Ready::Port(port),
            patience: wait::PATIENCE,
        })
        .await?;
        Ok(Self { process, port })
    }

    /// Its address for clients.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its process, to be killed, frozen and started again.
    pub fn process(&self) -> &Process {
        &self.process
    }
}
