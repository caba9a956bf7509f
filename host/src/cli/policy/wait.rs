//! Waiting for a policy: until a gate judges by a file, or says that it does not take it.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::Args;
use serde::de::DeserializeOwned;
use tidegate_engine::Digest;
use tokio::time::{Instant, sleep};

use super::{super::progress, admin::Admin};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// What is waited for.
#[derive(Debug, Args)]
pub(super) struct Wait {
    /// Wait until this file judges, or is refused: after a start, or after it was put in its place.
    #[arg(long = "wait-for", value_name = "FILE")]
    file: Option<PathBuf>,
    /// How long, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "file", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

/// An answer of the gate that tells what became of a file.
pub(super) trait Tells: DeserializeOwned {
    /// Where it is asked for.
    const PATH: &'static str;

    /// Whether the file with this digest judges; `None`: that is open.
    fn judges(&self, digest: &str) -> Option<bool>;
}

impl Wait {
    /// Looks again and again, also while no gate answers: it may be about to start. False when the file does not judge, and
    /// true when none is waited for.
    pub(super) async fn wait<T: Tells>(&self, admin: &Admin) -> anyhow::Result<bool> {
        let Some(file) = &self.file else {
            return Ok(true);
        };
        let bytes = tokio::fs::read(file).await;
        let digest = Digest::of(&bytes.with_context(|| format!("{} cannot be read", file.display()))?);
        let end = Instant::now() + Duration::from_secs(self.timeout);
        let _spinner = progress::spinner("{spinner} {elapsed} until the policy judges");
        loop {
            let told = admin.look::<T>(T::PATH).await;
            let is_over = Instant::now() >= end;
            match told.map(|told| told.map_or(Some(false), |told| told.judges(digest.as_str()))) {
                Ok(Some(judges)) => return Ok(judges),
                Ok(None) if is_over => {
                    eprintln!("tidegate: the time is over, and {} does not judge", file.display());
                    return Ok(false);
                }
                Err(error) if is_over || !is_not_there(&error) => return Err(error),
                Ok(None) | Err(_) => sleep(PAUSE).await,
            }
        }
    }
}

/// Nobody listens there.
fn is_not_there(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<reqwest::Error>()
        .is_some_and(reqwest::Error::is_connect)
}
