//! The candidate's file: looked at from time to time, loaded when it has changed. Whatever is wrong with it, the gate does
//! not notice: there is no candidate then, and the reason stands in the report.

use std::{fs, io, sync::Arc};

use tidegate_engine::{Digest, Policy};

use super::Shadow;
use crate::{
    admission::{Admission, Refusal},
    pipeline::chain,
    reload::{self, Stamp},
};

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

impl Shadow {
    /// Keeps up with the file.
    pub(super) async fn follow(&self) {
        let mut seen = None;
        loop {
            match Stamp::of(&self.settings.path) {
                Ok(Some(stamp)) if seen == Some(stamp) => {}
                Ok(Some(stamp)) => {
                    self.look().await;
                    seen = Some(stamp);
                }
                Ok(None) => {
                    self.put(Standing::None);
                    seen = None;
                }
                Err(error) => {
                    self.refuse(&Refusal::Read(error), None);
                    seen = None;
                }
            }
            tokio::time::sleep(self.poll).await;
        }
    }

    /// Reads the file and loads what is in it, unless it is what is loaded already.
    async fn look(&self) {
        let bytes = match self.read() {
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

    fn read(&self) -> Result<Vec<u8>, Refusal> {
        let path = &self.settings.path;
        // A pipe would never end.
        if !fs::metadata(path).map_err(Refusal::Read)?.is_file() {
            return Err(Refusal::Read(io::Error::other("it is not a file")));
        }
        reload::read(path)
    }

    async fn load(&self, bytes: &[u8]) -> Result<Policy, Refusal> {
        let policy = self.engine.load_in_background(bytes).await.map_err(Refusal::Load)?;
        Admission::test(&policy).await?;
        Ok(policy)
    }

    fn refuse(&self, refusal: &Refusal, digest: Option<Digest>) {
        let why = chain(refusal);
        let is_known = matches!(&*self.standing(), Standing::Refused { why: known, .. } if *known == why);
        if !is_known {
            tracing::warn!(candidate = %self.settings.path.display(), why, "the candidate cannot judge; the gate goes on without one");
        }
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
