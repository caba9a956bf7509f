//! A file of events through `tidegate apply`: events a second, and the most memory that it needed.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{
    places::Places,
    steps::{self, Steps},
};

/// How often the memory of a running program is looked at. The figure only grows, so a look that comes late is enough.
const LOOK: Duration = Duration::from_millis(5);

/// One program over one file.
#[derive(Debug)]
pub(crate) struct Load {
    /// `native`, `reused` or `fresh`.
    pub(crate) way: &'static str,
    pub(crate) events: u64,
    pub(crate) took: Duration,
    /// The most memory that it held, in KiB, where the system shows it.
    pub(crate) peak: Option<u64>,
}

/// Runs each way over each number of events.
pub(crate) fn measure(places: &Places, steps: &Steps, sizes: &[u64]) -> Result<Vec<Load>> {
    steps.say("building the generator of events");
    // With the features that the gate was built with; see `build`.
    steps::run(&mut places.cargo([
        "build",
        "--release",
        "--workspace",
        "--bin=tidegate-load",
        "--test=tidy",
    ]))?;
    let generator = places.target.join("release/tidegate-load");
    let dir = places.target.join("bench");
    fs::create_dir_all(&dir)?;

    let mut loads = Vec::new();
    for &events in sizes {
        let file = dir.join(format!("events-{events}.jsonl"));
        let mut generate = Command::new(&generator);
        generate.arg("generate").arg(events.to_string());
        steps::run(generate.stdout(File::create(&file)?))?;
        for way in ["native", "reused", "fresh"] {
            steps.say(format!("{events} events: {way}"));
            let mut command = command(places, &generator, way);
            if sizes.first() == Some(&events) {
                // Brings the program and the compiled policy into caches; does not count.
                run(&mut command, &file)?;
            }
            let (took, peak) = run(&mut command, &file)?;
            loads.push(Load {
                way,
                events,
                took,
                peak,
            });
        }
    }
    Ok(loads)
}

fn command(places: &Places, generator: &Path, way: &str) -> Command {
    if way == "native" {
        let mut command = Command::new(generator);
        command.arg("native");
        return command;
    }
    let isolation = if way == "reused" { "reuse" } else { "fresh" };
    let mut command = Command::new(places.gate());
    command.args(["apply", "--isolation", isolation, "--policy"]);
    command.arg(places.policy());
    command
}

/// Runs a program on a file, its output thrown away, and watches its memory.
fn run(command: &mut Command, input: &Path) -> Result<(Duration, Option<u64>)> {
    let name = command.get_program().display().to_string();
    let started = Instant::now();
    let mut child = command
        .stdin(File::open(input)?)
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| name.clone())?;
    let status = fs::canonicalize(format!("/proc/{}", child.id())).map(|dir| dir.join("status"));
    let watch = status.ok().map(|status| thread::spawn(move || watch(&status)));
    let exit = Child::wait(&mut child)?;
    let took = started.elapsed();
    ensure!(exit.success(), "{name} failed ({exit})");
    let peak = watch.and_then(|watch| watch.join().ok()).flatten();
    Ok((took, peak))
}

/// Follows a process until it ends; gives its high-water mark.
fn watch(status: &Path) -> Option<u64> {
    let mut peak = None;
    while let Ok(text) = fs::read_to_string(status) {
        match high_water_mark(&text) {
            Some(mark) => peak = Some(mark),
            // It has ended and is waited for.
            None if peak.is_some() => break,
            None => {}
        }
        thread::sleep(LOOK);
    }
    peak
}

/// `VmHWM` of a process, in KiB.
fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::high_water_mark;

    #[test]
    fn the_high_water_mark_is_read() {
        let status = "Name:\ttidegate\nVmPeak:\t  999 kB\nVmHWM:\t    5120 kB\nVmRSS:\t 10 kB\n";
        assert_eq!(high_water_mark(status), Some(5120));
        assert_eq!(high_water_mark("Name:\ttidegate\nState:\tZ (zombie)\n"), None);
    }
}
