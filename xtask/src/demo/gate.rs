//! The gate of the demo: started on a free port, watched, stopped as a service manager stops it.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{cli::without_settings, stage::Stage};
use crate::places::Places;

/// How long the gate may take to be ready: it compiles the policy the first time.
const START: Duration = Duration::from_mins(3);

/// How long it may take to stop.
const STOP: Duration = Duration::from_secs(10);

/// A running gate; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Gate {
    child: Child,
    log: PathBuf,
}

impl Gate {
    /// Starts a gate and waits until it is ready.
    pub(crate) fn start(places: &Places, stage: &Stage) -> Result<Self> {
        let address = free_address()?;
        let config = format!(
            "# The gate of `cargo xtask demo`.\nlisten: {address}\nadmin: {{ listen: null }}\npolicy:\n  path: {}\nsqlite:\n  path: {}\n{}",
            quoted(&places.policy()),
            quoted(&stage.database()),
            include_str!("../../../schemas/gate.yaml"),
        );
        fs::write(stage.config(), config)?;
        let mut command = Command::new(places.gate());
        command.arg("serve").arg("--config").arg(stage.config());
        without_settings(&mut command);
        let log = File::create(stage.log())?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be run", places.gate().display()))?;
        let mut gate = Self {
            child,
            log: stage.log(),
        };
        let deadline = Instant::now() + START;
        while !is_ready(address) {
            gate.still_runs()?;
            if Instant::now() > deadline {
                bail!("the gate is not ready after {} s\n{}", START.as_secs(), gate.log_tail());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(gate)
    }

    /// Fails when it has ended.
    pub(crate) fn still_runs(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the gate ended by itself ({status})\n{}", self.log_tail());
        }
        Ok(())
    }

    /// Asks it to stop, and waits; gives what was wrong with how it ended.
    pub(crate) fn stop(mut self) -> Result<Option<String>> {
        // The standard library can only kill. A shell has `kill` built in.
        let ask = format!("kill -TERM {}", self.child.id());
        Command::new("sh").args(["-c", &ask]).status()?;
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(ended_badly(status));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Some(format!(
            "the gate still ran {} s after it was asked to stop",
            STOP.as_secs()
        )))
    }

    /// The end of its log.
    pub(crate) fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        format!("the end of {}:\n{tail}", self.log.display())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ended_badly(status: ExitStatus) -> Option<String> {
    (!status.success()).then(|| format!("the gate, asked to stop, ended with {status}"))
}

/// A path as YAML writes it safely, which is as JSON does.
fn quoted(path: &Path) -> String {
    serde_json::Value::from(path.to_string_lossy()).to_string()
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?)
}

fn is_ready(address: SocketAddr) -> bool {
    let limit = Duration::from_millis(500);
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(String::from_utf8_lossy(&status).into_owned())
    };
    ask().is_ok_and(|status| status == "HTTP/1.1 200")
}
