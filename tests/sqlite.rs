//! A gate on the `sqlite` backend, with a data file of its own.

use std::time::{Duration, Instant};

use serde_json::Value;
use tidegate_harness::{Dir, Gate, Process, free_port, wait};

use crate::{dist, tidegate};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The topics of a gate for the builtin policy.
pub const TASKS: &str = include_str!("../schemas/gate.yaml");

/// A running gate on the `sqlite` backend.
#[derive(Debug)]
pub struct SqliteGate {
    gate: Gate,
    admin: u16,
    // After the gate: the directory is removed when the process is gone.
    data: String,
    _dir: Dir,
}

impl SqliteGate {
    /// Starts one; `config` is appended to its configuration.
    pub async fn start(name: &str, config: &str) -> Self {
        Self::start_with(name, config, &[]).await
    }

    /// Starts one with variables of its own.
    pub async fn start_with(name: &str, config: &str, env: &[(&str, &str)]) -> Self {
        let start = async |dir: &Dir, port, config: &str| Gate::start(dir, port, config, env).await;
        Self::start_by(name, config, start).await
    }

    /// The same, but waits only until the gate is alive: its policy may be bad.
    pub async fn start_alive(name: &str, config: &str, env: &[(&str, &str)]) -> Self {
        let start = async |dir: &Dir, port, config: &str| Gate::start_alive(dir, port, config, env).await;
        Self::start_by(name, config, start).await
    }

    async fn start_by(
        name: &str,
        config: &str,
        start: impl AsyncFnOnce(&Dir, u16, &str) -> anyhow::Result<Gate>,
    ) -> Self {
        let dir = Dir::new(name).expect("a directory");
        let (port, admin) = (free_port(), free_port());
        let data = dir
            .service("data")
            .expect("a directory")
            .join("events.db")
            .display()
            .to_string();
        let topics = without(TASKS, config);
        let config = format!(
            "listen: 127.0.0.1:{port}\nadmin: {{ listen: \"127.0.0.1:{admin}\" }}\nsqlite: {{ path: {data:?} }}\npolicy: {{ path: {:?} }}\n{topics}{config}",
            dist("policy.wasm").display().to_string()
        );
        let gate = start(&dir, port, &config).await.expect("the gate starts");
        Self {
            gate,
            admin,
            data,
            _dir: dir,
        }
    }

    /// The address of a path of its listener.
    pub fn url(&self, path: &str) -> String {
        self.gate.url(path)
    }

    /// The port of its listener.
    pub fn port(&self) -> u16 {
        self.gate.port()
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        self.gate.process()
    }

    /// Its data file.
    pub fn data(&self) -> &str {
        &self.data
    }

    /// The port of its admin listener.
    pub fn admin_port(&self) -> u16 {
        self.admin
    }

    /// What `GET /admin/status` answers.
    pub async fn status(&self) -> Value {
        let answer = reqwest::get(self.admin_url("/admin/status")).await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// The address of a route of the admin listener.
    pub fn admin_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.admin)
    }

    /// Waits until so many permits are free.
    pub async fn permits_free(&self, count: u64) {
        let free = async || (self.status().await["permits"]["free"] == count).then_some(());
        let freed = wait::until("the permits to be free", PATIENCE, free).await;
        freed.unwrap_or_else(|error| panic!("{count} permits are not free: {error}"));
    }

    /// A line of `/metrics` that starts so; its number, or 0 when there is none.
    pub async fn counted(&self, name: &str) -> u64 {
        let page = reqwest::get(self.gate.url("/metrics")).await.expect("an answer");
        let page = page.text().await.expect("text");
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |number| number.trim().parse().expect("a number"))
    }

    /// Everything that the gate has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.gate.process().log()).expect("a log")
    }

    /// Puts lines onto a topic, as `tidegate send` does.
    pub fn send(&self, topic: &str, lines: &[u8]) {
        let sent = tidegate(&["send", "--topic", topic, "--data", &self.data], lines);
        assert_eq!(sent.code, 0, "{}", sent.err);
    }

    /// The records of a topic, as `tidegate read --json` shows them.
    pub fn read(&self, topic: &str) -> Vec<Value> {
        let read = tidegate(&["read", topic, "--data", &self.data, "--json"], b"");
        assert_eq!(read.code, 0, "{}", read.err);
        read.out
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    /// Waits until `count` records of an input topic are processed, and returns all of the topic.
    pub async fn processed(&self, topic: &str, count: usize) -> Vec<Value> {
        let started = Instant::now();
        loop {
            let records = self.read(topic);
            if records.iter().filter(|record| !record["delivery"].is_null()).count() >= count {
                return records;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{count} records are not processed: {records:#?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A valid `task.created` 1.0 with this id.
pub fn event(id: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","event_type":"task.created","event_version":"1.0","task_id":9007199254740993,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{{"title":"Water the plants"}}}}"#
    )
}

/// The keys of a configuration that another one does not have, with what stands below them.
fn without(config: &str, other: &str) -> String {
    let mut is_kept = true;
    let mut kept = String::new();
    for line in config.lines() {
        if line.starts_with(char::is_alphabetic) {
            let key = line.split_inclusive(':').next().unwrap_or_default();
            is_kept = !other.lines().any(|line| line.starts_with(key));
        }
        if is_kept {
            kept.extend([line, "\n"]);
        }
    }
    kept
}
