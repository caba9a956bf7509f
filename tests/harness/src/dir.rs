//! The directory of one test: its services' logs and data.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

/// How much of a log is shown when a test fails.
const TAIL_LINES: usize = 25;

/// A directory under `target/e2e` that is removed on drop, unless its test failed: then the end of every log in it is
/// printed and it stays.
#[derive(Debug)]
pub struct Dir {
    path: PathBuf,
    failed: AtomicBool,
}

impl Dir {
    /// A new directory whose name starts with `name`.
    pub fn new(name: &str) -> Result<Self> {
        let root = crate::services::repository().join("target/e2e");
        std::fs::create_dir_all(&root)?;
        let name: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(60)
            .collect();
        let path = tempfile::Builder::new()
            .prefix(&format!("{name}-"))
            .tempdir_in(&root)
            .context("a test directory")?
            .keep();
        Ok(Self {
            path,
            failed: AtomicBool::new(false),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A directory of its own for the service `name`, which need not be unique.
    pub fn service(&self, name: &str) -> Result<PathBuf> {
        for suffix in std::iter::once(String::new()).chain((2..).map(|n| format!("-{n}"))) {
            let path = self.path.join(format!("{name}{suffix}"));
            match std::fs::create_dir(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| path).context("a service's directory"),
            }
        }
        unreachable!("the suffixes never end")
    }

    /// Marks the test as failed: the directory stays.
    pub fn keep(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        if self.failed.load(Ordering::Relaxed) || std::thread::panicking() {
            // Not `eprintln!`: it is captured in tests.
            let _ = std::io::stderr().write_all(report(&self.path).as_bytes());
        } else {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// The end of every log under `path`.
fn report(path: &Path) -> String {
    let mut text = format!("\nlogs kept in {}\n", path.display());
    let mut services: Vec<_> = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    services.sort();
    for log in services
        .iter()
        .map(|service| service.join("log"))
        .filter(|log| log.is_file())
    {
        let _ = writeln!(text, "---- the end of {}\n{}", log.display(), tail(&log));
    }
    text
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let content = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = content.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::Dir;

    #[test]
    fn a_directory_goes_with_its_guard() {
        let dir = Dir::new("a test").expect("a directory");
        let path = dir.path().to_owned();
        assert_ne!(
            dir.service("daprd").expect("one"),
            dir.service("daprd").expect("another")
        );
        drop(dir);
        assert!(!path.exists());
    }

    #[test]
    fn the_directory_of_a_failed_test_stays() {
        let dir = Dir::new("failed").expect("a directory");
        let path = dir.path().to_owned();
        dir.keep();
        drop(dir);
        assert!(path.exists());
        std::fs::remove_dir_all(path).expect("removed");
    }
}
