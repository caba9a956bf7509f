//! What takes long is announced, with the time since the start.

use std::{
    fmt::Display,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::styles::BOLD;

/// The steps of one run.
#[derive(Debug)]
pub(crate) struct Steps {
    started: Instant,
}

impl Steps {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    /// Announces a step, on standard error.
    pub(crate) fn say(&self, what: impl Display) {
        let time = clock(self.started.elapsed());
        anstream::eprintln!("{BOLD}[{time}] {what}{BOLD:#}");
    }

    /// Time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Runs a command to its end, with its output where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("{} cannot be run", command.get_program().display()))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Minutes and seconds.
pub(crate) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// A command as one would type it.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    #[test]
    fn the_clock_counts_minutes() {
        assert_eq!(super::clock(Duration::from_secs(0)), "00:00");
        assert_eq!(super::clock(Duration::from_secs(754)), "12:34");
        assert_eq!(super::clock(Duration::from_mins(100)), "100:00");
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let error = super::run(Command::new("sh").args(["-c", "exit 3"])).expect_err("it fails");
        assert_eq!(error.to_string(), "sh -c exit 3 failed (exit status: 3)");
    }
}
