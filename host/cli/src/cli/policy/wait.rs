//! Waiting for a policy: until a gate judges by a file, or says that it does not take it.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde::de::DeserializeOwned;
use tidegate_engine::Digest;
use tokio::time::{Instant, sleep, timeout};

use super::{
    super::progress,
    admin::{Admin, Looked},
};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(200);
/// A no must stand for so long: the gate may not have seen yet that the file was put there once more.
const FIRM: Duration = Duration::from_secs(1);

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
        let spinner = progress::spinner("{spinner} {elapsed} until the policy judges");
        let mut silence = Some(anyhow!("no gate has answered within {} s", self.timeout));
        let told = until_told::<T>(admin, digest.as_str(), &mut silence);
        let told = timeout(Duration::from_secs(self.timeout), told).await;
        spinner.finish_and_clear();
        match (told, silence) {
            (Ok(told), _) => told,
            (Err(_), Some(silence)) => Err(silence),
            (Err(_), None) => {
                eprintln!("tidegate: the time is over, and {} does not judge", file.display());
                Ok(false)
            }
        }
    }
}

/// Looks until the gate tells; `silence` is why it does not answer, if it does not.
async fn until_told<T: Tells>(
    admin: &Admin,
    digest: &str,
    silence: &mut Option<anyhow::Error>,
) -> anyhow::Result<bool> {
    let mut no_since = None;
    loop {
        let told = match admin.look::<T>(T::PATH).await? {
            Looked::Told(told) => told.judges(digest),
            Looked::No => return Ok(false),
            Looked::Later(error) => {
                *silence = Some(error);
                sleep(PAUSE).await;
                continue;
            }
        };
        *silence = None;
        match told {
            Some(true) => return Ok(true),
            Some(false) if no_since.get_or_insert_with(Instant::now).elapsed() >= FIRM => return Ok(false),
            Some(false) => {}
            None => no_since = None,
        }
        sleep(PAUSE).await;
    }
}
