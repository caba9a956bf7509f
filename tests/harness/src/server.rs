//! What every service has: a process, and the port of 127.0.0.1 that it listens on.

use anyhow::Result;

use crate::{Command, Process};

/// A running service, killed when it goes away.
#[derive(Debug)]
pub struct Server {
    process: Process,
    port: u16,
}

impl Server {
    pub(crate) async fn start(port: u16, command: Command) -> Result<Self> {
        let process = Process::start(command).await?;
        Ok(Self { process, port })
    }

    /// Its process: to be killed, frozen, stopped for a while and started again, on the same port and in the same directory.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address for clients.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The address of one of its paths, as `/v1.0/healthz`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }
}
