//! A gate with a policy that is replaced and a cache of its own, started with a clock at hand.

use std::{
    fmt,
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use serde_json::Value;
use tidegate_harness::{free_port, open_files, resident_bytes, thread_names};
use tidegate_tests::{dist, revisions::digest, tidegate};

const PATIENCE: Duration = Duration::from_mins(3);
/// Time between two looks at whether a policy decides.
const LOOK: Duration = Duration::from_millis(20);

/// A running gate, killed in the end.
pub(crate) struct Gate {
    process: Child,
    pub(crate) started_in: Duration,
    port: u16,
    admin: u16,
    data: String,
    policy: PathBuf,
}

impl Gate {
    /// Starts it in a directory, which holds its cache and its data.
    pub(crate) fn start(dir: &Path, policy: &[u8]) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let (port, admin) = (free_port(), free_port());
        let path = |name: &str| dir.join(name).display().to_string();
        let policy_file = dir.join("policy.wasm");
        if !fs::read(&policy_file).is_ok_and(|old| old == policy) {
            fs::write(&policy_file, policy)?;
        }
        let config = format!(
            "listen: 127.0.0.1:{port}
admin: {{ listen: \"127.0.0.1:{admin}\" }}
sqlite: {{ path: {:?} }}
policy: {{ path: {:?}, cache_dir: {:?}, reload: {{ allow_dropped: true }} }}
{}",
            path("events.db"),
            path("policy.wasm"),
            path("cache"),
            include_str!("../../schemas/gate.yaml"),
        );
        fs::write(dir.join("gate.yaml"), config)?;
        let started = Instant::now();
        let process = Command::new(dist("tidegate"))
            .args(["serve", "--config", &path("gate.yaml")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(dir.join("log"))?)
            .spawn()?;
        let mut gate = Self {
            process,
            started_in: Duration::ZERO,
            port,
            admin,
            data: path("events.db"),
            policy: policy_file,
        };
        gate.until_ready()?;
        gate.started_in = started.elapsed();
        Ok(gate)
    }

    fn until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if is_ready(self.port).unwrap_or(false) {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the gate ended: {status}");
            }
            thread::sleep(Duration::from_millis(1));
        }
        bail!("the gate is not ready after {PATIENCE:?}")
    }

    /// Where a sidecar delivers events.
    pub(crate) fn deliver(&self) -> String {
        format!("http://127.0.0.1:{}/deliver/task-events", self.port)
    }

    /// Renames another policy over the file and waits until it decides; returns its entry in `/admin/revisions`.
    pub(crate) async fn replace(&self, policy: &[u8]) -> Result<Value> {
        let digest = digest(policy);
        let new = self.policy.with_extension("new");
        fs::write(&new, policy)?;
        fs::rename(new, &self.policy)?;
        let started = Instant::now();
        let url = format!("http://127.0.0.1:{}/admin/revisions", self.admin);
        loop {
            tokio::time::sleep(LOOK).await;
            let mut found: Value = reqwest::get(&url).await?.json().await?;
            if found["current"] == digest && found["reload"]["state"] != "loading" {
                return Ok(found["revisions"][0].take());
            }
            if started.elapsed() > PATIENCE {
                bail!("{digest} does not decide: {found:#}");
            }
        }
    }

    /// The records of a topic.
    pub(crate) fn read(&self, topic: &str) -> Vec<Value> {
        let read = tidegate(&["read", topic, "--data", &self.data, "--json"], b"");
        let lines = read.out.lines();
        lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_ready(port: u16) -> std::io::Result<bool> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    connection.write_all(b"GET /readyz HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

/// What a gate holds.
pub(crate) struct Held {
    memory: u64,
    threads: usize,
    files: usize,
}

impl Held {
    pub(crate) fn by(gate: &Gate) -> Result<Self> {
        let process = gate.process.id();
        Ok(Self {
            memory: resident_bytes(process)?,
            threads: thread_names(process)?.len(),
            files: open_files(process)?,
        })
    }
}

impl fmt::Display for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} | {} | {}", self.memory >> 20, self.threads, self.files)
    }
}
