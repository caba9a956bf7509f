//! One long step of a build, with its progress shown while it runs and its output shown when it fails.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a step that runs says so.
const PULSE: Duration = Duration::from_secs(5);

/// How much of its output is kept for an error.
const KEPT_LINES: usize = 40;

/// Runs a command; fails with the end of its output.
pub(crate) fn run(what: &str, command: &mut Command, progress: &mut dyn FnMut(&str)) -> Result<()> {
    progress(what);
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{what}: cannot run {}", command.get_program().display()))?;
    let (sender, lines) = channel();
    let readers = [
        child.stdout.take().map(|out| read(out, sender.clone())),
        child.stderr.take().map(|err| read(err, sender)),
    ];

    let mut output: Vec<String> = Vec::new();
    let mut shown = Instant::now();
    let mut seen = 0;
    loop {
        match lines.recv_timeout(PULSE) {
            Ok(line) => {
                seen += 1;
                output.push(line);
                if output.len() > KEPT_LINES {
                    output.remove(0);
                }
            }
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
        }
        if shown.elapsed() >= PULSE {
            let last = output.last().map_or("", String::as_str);
            progress(&format!(
                "{what}: {} s, {seen} steps, {last}",
                start.elapsed().as_secs()
            ));
            shown = Instant::now();
        }
    }
    for reader in readers.into_iter().flatten() {
        let _ = reader.join();
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{what}: {status}\n{}", output.join("\n"));
    }
    if start.elapsed() > Duration::from_secs(1) {
        progress(&format!("{what}: done in {} s", start.elapsed().as_secs()));
    }
    Ok(())
}

fn read(stream: impl Read + Send + 'static, lines: Sender<String>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = lines.send(line);
        }
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    #[test]
    fn a_failed_step_shows_its_output() {
        let mut command = Command::new("sh");
        let error = super::run("failing", command.args(["-c", "echo why; exit 3"]), &mut |_| {}).expect_err("it fails");
        assert!(error.to_string().contains("why"), "{error}");
    }
}
