//! A Redis server that keeps its data when it is killed and started again.

use std::ops::Deref;

use anyhow::{Context, Result};

use crate::{Command, Dir, Ready, Server, Services, free_port};

/// A running server.
#[derive(Debug)]
pub struct Redis(Server);

impl Redis {
    /// Starts an empty server.
    pub async fn start(services: &Services, dir: &Dir) -> Result<Self> {
        let program = services.redis.as_ref().context("redis-server is not in PATH")?;
        let port = free_port();
        let options = [
            ("--port", port.to_string().as_str()),
            ("--bind", "127.0.0.1"),
            ("--save", ""),
            ("--appendonly", "yes"),
        ]
        .map(|(name, value)| [name.to_owned(), value.to_owned()]);
        let command = Command::new("redis", program, dir.service("redis")?, Ready::Port(port));
        Server::start(port, command.args(options.concat())).await.map(Self)
    }
}

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}
