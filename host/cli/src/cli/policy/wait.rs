//! `--wait-for`: waits until a gate has loaded a file, or has refused it.

use std::{path::PathBuf, time::Duration};

use anyhow::anyhow;
use clap::Args;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout};

use super::{
    super::{files, notice, progress},
    admin::{Admin, Reading},
};

/// Time between two requests.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long a refusal must last: the gate may not have seen yet that the file was replaced once more.
const STABLE: Duration = Duration::from_secs(1);

/// The file to wait for.
#[derive(Debug, Args)]
pub(super) struct Wait {
    /// Wait until the gate has loaded this policy, a file or a folder, or has refused it.
    #[arg(long = "wait-for", value_name = "PATH")]
    file: Option<PathBuf>,
    /// Seconds to wait.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "file", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

/// A state of the gate that shows whether it has loaded a file.
pub(super) trait LoadState: DeserializeOwned {
    /// The path to request.
    const PATH: &'static str;

    /// Whether the policy with this digest is loaded. `Some(false)`: it will not be. `None`: not decided yet.
    fn is_loaded(&self, digest: &str) -> Option<bool>;
}

impl Wait {
    /// Requests the state until the gate has loaded or refused the file. Continues while no gate answers, since it may be
    /// starting. True when the file is loaded, or when there is no file to wait for.
    pub(super) async fn wait<T: LoadState>(&self, admin: &Admin) -> anyhow::Result<bool> {
        let Some(file) = &self.file else {
            return Ok(true);
        };
        let digest = files::policy_source(file)?.digest().clone();
        let spinner = progress::spinner("{spinner} waiting for the policy {elapsed}");
        let mut unavailable = Some(anyhow!("no gate has answered within {} s", self.timeout));
        let polled = poll::<T>(admin, digest.as_str(), &mut unavailable);
        let polled = timeout(Duration::from_secs(self.timeout), polled).await;
        spinner.finish_and_clear();
        match (polled, unavailable) {
            (Ok(is_loaded), _) => is_loaded,
            (Err(_), Some(error)) => Err(error),
            (Err(_), None) => {
                notice::print(format_args!(
                    "{} is not loaded within {} s",
                    file.display(),
                    self.timeout
                ));
                Ok(false)
            }
        }
    }
}

/// Requests the state until the policy is loaded or refused. `unavailable` is the last error while no gate answers.
async fn poll<T: LoadState>(
    admin: &Admin,
    digest: &str,
    unavailable: &mut Option<anyhow::Error>,
) -> anyhow::Result<bool> {
    let mut refused_since = None;
    loop {
        let is_loaded = match admin.read::<T>(T::PATH).await? {
            Reading::State(state) => state.is_loaded(digest),
            Reading::Absent => return Ok(false),
            Reading::Unavailable(error) => {
                *unavailable = Some(error);
                sleep(INTERVAL).await;
                continue;
            }
        };
        *unavailable = None;
        match is_loaded {
            Some(true) => return Ok(true),
            Some(false) if refused_since.get_or_insert_with(Instant::now).elapsed() >= STABLE => return Ok(false),
            Some(false) => {}
            None => refused_since = None,
        }
        sleep(INTERVAL).await;
    }
}
