//! Dapr's scheduler: it keeps jobs in an etcd of its own, and calls them when they are due.

use std::ops::Deref;

use anyhow::Result;

use crate::{Command, Dir, Ready, Server, Services, free_port};

/// A running scheduler.
#[derive(Debug)]
pub struct Scheduler(Server);

impl Scheduler {
    /// Starts a scheduler with no jobs.
    pub async fn start(services: &Services, dir: &Dir) -> Result<Self> {
        let home = dir.service("scheduler")?;
        let (port, health) = (free_port(), free_port());
        let args = [
            format!("--port={port}"),
            "--listen-address=127.0.0.1".to_owned(),
            format!("--override-broadcast-host-port=127.0.0.1:{port}"),
            format!("--healthz-port={health}"),
            "--healthz-listen-address=127.0.0.1".to_owned(),
            format!("--etcd-data-dir={}", home.join("etcd").display()),
            format!("--etcd-client-port={}", free_port()),
            format!(
                "--etcd-initial-cluster=dapr-scheduler-server-0=http://127.0.0.1:{}",
                free_port()
            ),
            "--etcd-initial-election-tick-advance=true".to_owned(),
            format!("--identity-directory-write={}", home.join("identity").display()),
            "--enable-metrics=false".to_owned(),
        ];
        let ready = Ready::Http(format!("http://127.0.0.1:{health}/healthz"));
        let command = Command::new("scheduler", &services.scheduler, home, ready).args(args);
        Server::start(port, command).await.map(Self)
    }
}

impl Deref for Scheduler {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}
