//! The candidate's file: looked at from time to time, loaded when it has changed. Whatever is wrong with it, the gate does
//! not notice: there is no candidate then, and the reason stands in the report.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path, sync::Arc};

use tidegate_engine::{Digest, LoadError, Policy};

use super::Shadow;
use crate::pipeline::chain;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// What there is to say of the candidate.
#[derive(Debug, Default)]
pub(super) enum Standing {
    /// Its file is not there.
    None,
    /// It is read, compiled or tested.
    #[default]
    Loading,
    /// It judges.
    Ready(Arc<Policy>),
    /// It cannot judge.
    Refused {
        why: String,
        /// Of the file, when it could be read.
        digest: Option<Digest>,
    },
}

/// Why a file is no candidate.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
    #[error("it is not a file")]
    NotAFile,
    #[error("the file has more than {LARGEST} bytes")]
    TooLarge,
    #[error("it cannot be loaded")]
    Load(#[from] LoadError),
    #[error("it fails its self-test; `tidegate check` says how")]
    SelfTest,
}

/// What tells one state of a file from another without reading it.
type Stamp = (u64, u64, u64, i64, i64);

impl Shadow {
    /// Keeps up with the file.
    pub(super) async fn follow(&self) {
        let mut seen = None;
        loop {
            let stamp = stamp(&self.settings.path);
            match &stamp {
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.put(Standing::None),
                // Told apart by what it says, since it cannot be compared.
                Err(error) => self.put(Standing::Refused {
                    why: format!("the file cannot be read: {error}"),
                    digest: None,
                }),
                Ok(stamp) if seen == Some(*stamp) => {}
                Ok(_) => self.look().await,
            }
            seen = stamp.ok();
            tokio::time::sleep(self.poll).await;
        }
    }

    /// Reads the file and loads what is in it, unless it is what is loaded already.
    async fn look(&self) {
        let bytes = match read(&self.settings.path) {
            Ok(bytes) => bytes,
            Err(refusal) => return self.refuse(&refusal, None),
        };
        let digest = Digest::of(&bytes);
        let is_loaded = |policy: &Arc<Policy>| *policy.digest() == digest;
        if self.candidate.load_full().as_ref().is_some_and(is_loaded) {
            return;
        }
        self.put(Standing::Loading);
        match self.load(&bytes).await {
            Ok(policy) => self.put(Standing::Ready(Arc::new(policy))),
            Err(refusal) => self.refuse(&refusal, Some(digest)),
        }
    }

    async fn load(&self, bytes: &[u8]) -> Result<Policy, Refusal> {
        let policy = self.engine.load(bytes).await?;
        let report = policy.self_test().await.map_err(LoadError::from)?;
        if report.passed() {
            Ok(policy)
        } else {
            Err(Refusal::SelfTest)
        }
    }

    fn refuse(&self, refusal: &Refusal, digest: Option<Digest>) {
        let why = chain(refusal);
        tracing::warn!(candidate = %self.settings.path.display(), why, "the candidate cannot judge; the gate goes on without one");
        self.put(Standing::Refused { why, digest });
    }

    fn put(&self, standing: Standing) {
        let ready = match &standing {
            Standing::Ready(policy) => {
                let catalog = policy.catalog();
                tracing::info!(
                    candidate = %self.settings.path.display(),
                    name = catalog.name,
                    version = catalog.version,
                    digest = %policy.digest(),
                    "the candidate judges a copy of the traffic"
                );
                Some(policy.clone())
            }
            Standing::None | Standing::Loading | Standing::Refused { .. } => None,
        };
        *self.standing() = standing;
        self.candidate.store(ready);
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let meta = fs::metadata(path)?;
    Ok((meta.dev(), meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
}

fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        return Err(Refusal::NotAFile);
    }
    if meta.len() > LARGEST {
        return Err(Refusal::TooLarge);
    }
    Ok(fs::read(path)?)
}
