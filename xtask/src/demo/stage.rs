//! Where the demo is played.

use std::{
    fs::{self, File, TryLockError},
    path::PathBuf,
};

use anyhow::{Context, Result, bail, ensure};

use crate::places::Places;

/// The directory in which the demo is played; it stays for the reader until the next demo.
#[derive(Debug)]
pub(super) struct Stage {
    dir: PathBuf,
    _lock: File,
}

impl Stage {
    /// An empty directory that no other demo uses.
    pub(super) fn set(places: &Places) -> Result<Self> {
        fs::create_dir_all(&places.target)?;
        let lock = File::create(places.target.join("demo.lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another demo is running"),
            Err(TryLockError::Error(error)) => return Err(error).context("demo.lock"),
        }
        let dir = places.target.join("demo");
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
        }
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        ensure!(dir.is_absolute(), "cargo's target directory is not absolute");
        Ok(Self { dir, _lock: lock })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn config(&self) -> PathBuf {
        self.file("tidegate.yaml")
    }

    pub(super) fn database(&self) -> PathBuf {
        self.file("tidegate.db")
    }

    pub(super) fn events(&self) -> PathBuf {
        self.file("events.jsonl")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.file("gate.log")
    }
}
