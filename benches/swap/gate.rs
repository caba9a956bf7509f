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

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tidegate_harness::{free_port, open_files, resident_bytes, thread_names};
use tidegate_tests::{dist, tidegate};

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
    topics: Topics,
}

/// What is delivered to a gate.
#[derive(Clone, Copy)]
pub(crate) enum Topics {
    /// Tasks, for the builtin policy.
    Tasks,
    /// Orders, for `examples/orders`.
    Orders,
}

impl Topics {
    const fn config(self) -> &'static str {
        match self {
            Self::Tasks => include_str!("../../schemas/gate.yaml"),
            Self::Orders => {
                "subscriptions: [{ name: shop-events }]
channels:
  orders: { topic: orders }
  payments: { topic: payments }
  dlq: { topic: dlq }
  ops-alerts: { topic: ops-alerts }
"
            }
        }
    }

    const fn subscription(self) -> &'static str {
        match self {
            Self::Tasks => "task-events",
            Self::Orders => "shop-events",
        }
    }
}

impl Gate {
    /// Starts it in a directory, which holds its cache and its data.
    pub(crate) fn start(dir: &Path, policy: &Path, topics: Topics) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let (port, admin) = (free_port(), free_port());
        let path = |name: &str| dir.join(name).display().to_string();
        let config = format!(
            "listen: 127.0.0.1:{port}
admin: {{ listen: \"127.0.0.1:{admin}\" }}
sqlite: {{ path: {:?} }}
policy: {{ path: {:?}, cache_dir: {:?}, reload: {{ allow_dropped: true }} }}
{}",
            path("events.db"),
            policy.display().to_string(),
            path("cache"),
            topics.config(),
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
            policy: policy.to_owned(),
            topics,
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
        format!("http://127.0.0.1:{}/deliver/{}", self.port, self.topics.subscription())
    }

    /// Starts the peak of its memory anew; returns what it holds now.
    pub(crate) fn forget_peak(&self) -> Result<u64> {
        fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5")?;
        resident_bytes(self.process.id())
    }

    /// The most memory that it held since then.
    pub(crate) fn peak(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kilobytes.context("the gate has ended")?.parse::<u64>()? * 1024)
    }

    /// Renames another file over the policy.
    pub(crate) fn put(&self, policy: &[u8]) -> Result<()> {
        let new = self.policy.with_extension("new");
        fs::write(&new, policy)?;
        Ok(fs::rename(new, &self.policy)?)
    }

    /// Waits until a policy with such a digest decides; returns its entry in `/admin/revisions`.
    pub(crate) async fn until_current(&self, is_it: impl Fn(&str) -> bool) -> Result<Value> {
        let started = Instant::now();
        let url = format!("http://127.0.0.1:{}/admin/revisions", self.admin);
        loop {
            let mut found: Value = reqwest::get(&url).await?.json().await?;
            if found["current"].as_str().is_some_and(&is_it) && found["reload"]["state"] != "loading" {
                return Ok(found["revisions"][0].take());
            }
            if started.elapsed() > PATIENCE {
                bail!("it does not decide: {found:#}");
            }
            tokio::time::sleep(LOOK).await;
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
