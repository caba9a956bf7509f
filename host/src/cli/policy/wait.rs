//! Waiting for a policy: until a gate judges by a file, or says that it does not take it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use tidegate_engine::Digest;
use tokio::time::{Instant, sleep};

use super::{
    super::progress,
    admin::Admin,
    status::{History, Reload},
};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// What is waited for.
#[derive(Debug, Args)]
pub(super) struct Wait {
    /// Wait until the gate judges by this file, or refuses it: after a start, or after the file was put in its place.
    #[arg(long = "wait-for", value_name = "FILE")]
    file: Option<PathBuf>,
    /// How long, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "file", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

/// How the waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// There was nothing to wait for, or it is there.
    Done,
    /// The gate says that it does not take the file.
    InVain,
    TimeIsOver,
}

impl Wait {
    /// Looks again and again, also while no gate answers: it may be about to start.
    pub(super) async fn wait(&self, admin: &Admin) -> anyhow::Result<Waited> {
        let Some(file) = &self.file else {
            return Ok(Waited::Done);
        };
        let digest = digest(file).await?;
        let end = Instant::now() + Duration::from_secs(self.timeout);
        let _spinner = progress::spinner("{spinner} {elapsed} until the policy judges");
        loop {
            match admin.look::<History>("/admin/generations").await {
                Ok(history) => match history.verdict(digest.as_str()) {
                    Some(waited) => return Ok(waited),
                    None if Instant::now() >= end => return Ok(Waited::TimeIsOver),
                    None => {}
                },
                Err(error) if !is_not_there(&error) || Instant::now() >= end => return Err(error),
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
    }
}

impl History {
    /// What it says of a file with this digest; nothing while that is open.
    fn verdict(&self, digest: &str) -> Option<Waited> {
        let judges = |generation: &super::status::Generation| Some(generation.number) == self.current;
        if self
            .generations
            .iter()
            .any(|generation| judges(generation) && generation.digest == digest)
        {
            return Some(Waited::Done);
        }
        match &self.reload {
            Reload::Refused {
                digest: Some(refused), ..
            } if refused == digest => Some(Waited::InVain),
            Reload::Off => Some(Waited::InVain),
            _ => None,
        }
    }
}

async fn digest(file: &Path) -> anyhow::Result<Digest> {
    let bytes = tokio::fs::read(file).await;
    let bytes = bytes.with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(Digest::of(&bytes))
}

/// Nobody listens there.
fn is_not_there(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<reqwest::Error>()
        .is_some_and(reqwest::Error::is_connect)
}
