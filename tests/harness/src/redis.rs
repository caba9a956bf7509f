//! A Redis server that keeps its data when it is killed and started again.

use std::ops::Deref;

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

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

    /// From now on it takes no more bytes than these (0: no limit) and evicts nothing: what would need more is refused.
    pub async fn set_maxmemory(&self, bytes: u64) -> Result<()> {
        self.command("CONFIG SET maxmemory-policy noeviction").await?;
        self.command(&format!("CONFIG SET maxmemory {bytes}")).await
    }

    /// Runs a command that is answered with `OK`.
    async fn command(&self, command: &str) -> Result<()> {
        let mut connection = BufReader::new(TcpStream::connect(self.address()).await?);
        connection.write_all(format!("{command}\r\n").as_bytes()).await?;
        let mut answer = String::new();
        connection.read_line(&mut answer).await?;
        ensure!(answer.trim_end() == "+OK", "{command}: {answer}");
        Ok(())
    }
}

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}
