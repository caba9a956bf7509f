//! `tidegate dev`: builds, tests and proves a folder each time that it is saved, and swaps it into a running gate.

mod screen;

use std::{
    path::{Path, PathBuf},
    pin::pin,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::Url;
use serde::Deserialize;
use tidegate_engine::{Isolation, Policy};
use tidegate_gate::config;
use tidegate_policies::{Place, source::SourceLoader};
use tokio::{signal, time::sleep};

use self::screen::{Built, Screen, State};
use super::{files, policy::admin::Admin, proof::Running, test};

/// Build, test and prove a policy each time that one of its files is saved, and say what is wrong.
///
/// The folder is watched with its tests. What is shown is the same as `tidegate check` and `tidegate test` find: on a terminal one
/// screen that is redrawn, elsewhere lines. The proof follows when it is done; the next save stops it. Ctrl-C ends it.
///
/// With --admin, a policy that passes is swapped into the gate at once. The gate's `policy.path` must name the same folder. A gate that
/// follows its folder (`policy.reload.enabled`) also takes over what fails its cases, as long as it loads.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate dev orders
  tidegate dev orders --admin http://127.0.0.1:8081")]
pub(super) struct Dev {
    /// The folder of the policy.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The admin listener of a gate to swap the policy into.
    #[arg(long, value_name = "URL", env = config::TIDEGATE_ADMIN)]
    admin: Option<Url>,
}

/// How often the files are checked.
const POLL_INTERVAL: Duration = Duration::from_millis(25);
/// How long they must not change before they are read: an editor may write several times.
const SETTLE: Duration = Duration::from_millis(75);

#[derive(Deserialize)]
struct Reloaded {
    current: Option<String>,
}

impl Dev {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        if !self.folder.is_dir() {
            bail!("{} is no folder", self.folder.display());
        }
        let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
        tokio::select! {
            ended = self.follow() => ended,
            _ = signal::ctrl_c() => Ok(ExitCode::SUCCESS),
            _ = terminate.recv() => Ok(ExitCode::SUCCESS),
        }
    }

    /// Shows each state of the folder, for ever.
    async fn follow(&self) -> anyhow::Result<ExitCode> {
        let loader = SourceLoader::new(files::engine(Isolation::Fresh, 2)?);
        let mut screen = Screen::of_terminal();
        let mut saved = Instant::now();
        let mut place = Place::at(&self.folder).ok();
        loop {
            let state = self.state(&loader).await;
            let took = saved.elapsed();
            screen.show(&self.folder, &state, took)?;
            let mut next = pin!(self.next(place));
            if let State::Built(_) = &state {
                let mut proof = Running::start(&self.folder);
                // Each save is answered at once: a proof that is not done by then is stopped.
                let proved = tokio::select! {
                    found = &mut next => {
                        (place, saved) = found;
                        continue;
                    }
                    proved = proof.done() => proved,
                };
                screen.show_proof(&self.folder, &state, &proved, took)?;
            }
            (place, saved) = next.await;
        }
    }

    /// Waits until the folder is another one than `before`, and has settled: what it is then, and when it was saved.
    async fn next(&self, before: Option<Place>) -> (Option<Place>, Instant) {
        let mut seen = (before, Instant::now());
        let mut saved = None;
        loop {
            sleep(POLL_INTERVAL).await;
            let found = Place::at(&self.folder).ok();
            if found != seen.0 {
                seen = (found, Instant::now());
                saved.get_or_insert(seen.1);
            }
            if let Some(saved) = saved
                && seen.1.elapsed() >= SETTLE
            {
                return (found, saved);
            }
        }
    }

    async fn state(&self, loader: &SourceLoader) -> State {
        let policy = match load(&self.folder, loader).await {
            Ok(policy) => policy,
            Err(error) => return State::NotBuilt(error),
        };
        let tested = test::summary(&policy, &self.folder).await;
        let passes = tested.as_ref().is_ok_and(|tested| tested.passed);
        let swapped = match &self.admin {
            Some(admin) if passes => Some(swap(admin, &policy).await),
            _ => None,
        };
        State::Built(Built::of(&policy, tested, swapped))
    }
}

/// Loads a policy as a gate does, with all that a gate would refuse it for.
async fn load(folder: &Path, loader: &SourceLoader) -> anyhow::Result<Policy> {
    let source = files::policy_source(folder)?;
    let policy = loader.load(&source).await.context("it cannot be loaded")?;
    files::check_template(&policy).context("no gate would take it")?;
    let report = policy.self_test().await.context("it faults on its own examples")?;
    if let Some(problem) = report.first_problem() {
        bail!("it fails its self-test: {problem}");
    }
    Ok(policy)
}

/// Makes a gate read its folder now; the digest of the policy that decides then.
async fn swap(admin: &Url, policy: &Policy) -> anyhow::Result<String> {
    let reloaded: Reloaded = Admin::at(admin.clone()).change("/admin/reload").await?;
    match reloaded.current {
        Some(digest) if digest == policy.digest().as_str() => Ok(digest),
        _ => bail!("another policy decides there: its `policy.path` must name this folder"),
    }
}
