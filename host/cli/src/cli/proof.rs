//! The proof of a folder, as `build` and `check` run it before anything else, and `dev` beside everything else: natively, since the folder
//! is the author's own.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use clap::Args;
use tidegate_prove::{Proof, ProveFolderError, Proved, Settings, prove_folder};
use tokio::task::JoinHandle;

use super::{exit, notice, progress, words::visible};

/// How a folder is proved.
#[derive(Debug, Clone, Args)]
pub(super) struct ProofArgs {
    /// Prove migrations and rules with so many events of each version.
    #[arg(long = "prove-events", value_name = "N", default_value_t = Settings::default().events)]
    events: usize,
    /// Make those events from this number: the same one makes the same events.
    #[arg(long = "prove-seed", value_name = "N", default_value_t = Settings::default().seed)]
    seed: u64,
}

impl ProofArgs {
    /// The proof of a folder; `None`: an event shows that it is wrong, which is printed.
    pub(super) async fn run(&self, folder: &Path) -> anyhow::Result<Option<Proof>> {
        let settings = Settings {
            events: self.events,
            seed: self.seed,
            ..Settings::default()
        };
        let spinner = progress::spinner("{spinner} proving {msg} {elapsed}");
        let (told, folder) = (spinner.clone(), folder.to_owned());
        let proved = tokio::task::spawn_blocking(move || {
            prove_folder(&folder, &settings, |version| told.set_message(version.to_owned()))
        });
        let proved = proved.await?;
        spinner.finish_and_clear();
        match proved {
            Ok(proof) => {
                for version in proof.incomplete() {
                    notice::print(incomplete(version));
                }
                Ok(Some(proof))
            }
            Err(error @ ProveFolderError::Wrong { .. }) => {
                notice::print(exit::message(&error.into()));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A proof with the usual settings that runs while others work. It stops when it is dropped.
#[derive(Debug)]
pub(super) struct Running {
    stop: Arc<AtomicBool>,
    proved: JoinHandle<Result<Proof, ProveFolderError>>,
}

impl Running {
    pub(super) fn start(folder: &Path) -> Self {
        let (folder, settings) = (folder.to_owned(), Settings::default());
        Self {
            stop: settings.stop.clone(),
            proved: tokio::task::spawn_blocking(move || prove_folder(&folder, &settings, |_| {})),
        }
    }

    /// What comes of it: how many events were made, and of which versions too few.
    pub(super) async fn done(&mut self) -> anyhow::Result<Vec<String>> {
        let proof = (&mut self.proved).await??;
        let events: usize = proof.versions.iter().map(|version| version.events).sum();
        let proved = format!("proved with {events} events");
        Ok([proved].into_iter().chain(proof.incomplete().map(incomplete)).collect())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn incomplete(of: &Proved) -> String {
    format!(
        "{} {}: only {} of {} events could be made from its schema, so it is proved with those alone",
        visible(&of.event_type),
        visible(&of.version),
        of.events,
        of.wanted
    )
}
