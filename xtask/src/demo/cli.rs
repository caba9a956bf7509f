//! The gate's command line, as the demo uses it: what it sends and reads, a reader can send and read too.

use std::{
    env,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    scenario::{Event, Via},
    stage::Stage,
};
use crate::places::Places;

/// Runs `dist/tidegate` on the demo's database.
#[derive(Debug)]
pub(crate) struct Cli {
    gate: PathBuf,
    policy: PathBuf,
    database: PathBuf,
}

/// A line of `tidegate read --json`.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) topic: String,
    pub(crate) offset: u64,
    #[serde(default)]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) event: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) delivery: Option<Delivery>,
}

/// What became of a record.
#[derive(Debug, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) disposition: String,
    pub(crate) reason: String,
}

/// A line of `tidegate apply`.
#[derive(Debug, Deserialize)]
pub(crate) struct Applied {
    pub(crate) decision: String,
    pub(crate) reason: String,
    pub(crate) violations: Vec<Violation>,
}

/// What the demo looks at in a violation.
#[derive(Debug, Deserialize)]
pub(crate) struct Violation {
    pub(crate) code: String,
}

#[derive(Deserialize)]
struct Appended {
    first_offset: u64,
}

impl Cli {
    pub(crate) fn new(places: &Places, stage: &Stage) -> Self {
        Self {
            gate: places.gate(),
            policy: places.policy(),
            database: stage.database(),
        }
    }

    /// Appends events to a topic; gives the offset of the first.
    pub(crate) fn send<'a>(&self, topic: &str, events: impl Iterator<Item = &'a Event>) -> Result<u64> {
        let lines = events.flat_map(|event| event.bytes.iter().copied().chain([b'\n']));
        let mut send = self.command(["send", "--json", "--topic", topic]);
        send.arg("--data").arg(&self.database);
        let answer = output(&mut send, lines.collect())?;
        let appended: Appended = serde_json::from_slice(&answer)
            .with_context(|| format!("send answers {}", String::from_utf8_lossy(&answer)))?;
        Ok(appended.first_offset)
    }

    /// Everything in a topic.
    pub(crate) fn read(&self, topic: &str) -> Result<Vec<Row>> {
        let mut read = self.command(["read", topic, "--json"]);
        read.arg("--data").arg(&self.database);
        lines_of(&output(&mut read, Vec::new())?)
    }

    /// Judges one event without a server.
    pub(crate) fn apply(&self, event: &Event) -> Result<Applied> {
        let mut apply = self.command(["apply"]);
        apply.arg("--policy").arg(&self.policy);
        if let Via::Apply { target } = &event.via {
            apply.args(["--target", target]);
        }
        let mut line = event.bytes.clone();
        line.push(b'\n');
        let answer: Vec<Applied> = lines_of(&output(&mut apply, line)?)?;
        answer.into_iter().next().context("apply printed nothing")
    }

    fn command<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(&self.gate);
        command.args(arguments);
        without_settings(&mut command);
        command
    }
}

/// Keeps the settings of the caller's environment away from the gate: the demo is the same everywhere.
pub(crate) fn without_settings(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("TIDEGATE_") {
            command.env_remove(name);
        }
    }
}

/// Runs a command on an input; gives what it prints.
fn output(command: &mut Command, input: Vec<u8>) -> Result<Vec<u8>> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} cannot be run", command.get_program().display()))?;
    let mut stdin = child.stdin.take().context("a pipe")?;
    // A program that ends before it has read everything prints why.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output()?;
    let _ = writer.join();
    if !output.status.success() {
        let words: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
        bail!(
            "tidegate {} failed ({}): {}",
            words.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(output.stdout)
}

fn lines_of<T: for<'a> Deserialize<'a>>(json_lines: &[u8]) -> Result<Vec<T>> {
    let lines = json_lines.split(|byte| *byte == b'\n');
    lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            serde_json::from_slice(line).with_context(|| format!("unexpected: {}", String::from_utf8_lossy(line)))
        })
        .collect()
}
