//! The shadow policy's file: loaded when it changes. Whatever is wrong with it, the gate goes on without a shadow policy, and
//! the reason stands in the report.

use std::sync::Arc;

use tidegate_engine::{Digest, Policy};
use tidegate_model::error::chain;

use super::Shadow;
use crate::{
    admission::{Admission, Refusal},
    reload::{self, FileId, LOOK},
};

/// What there is to say of the shadow policy.
#[derive(Debug, Default)]
pub(super) enum ShadowState {
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
            match FileId::of(&self.settings.path) {
                Ok(Some(id)) if seen == Some(id) => {}
                Ok(Some(id)) => {
                    self.look().await;
                    seen = Some(id);
                }
                Ok(None) => {
                    self.put(ShadowState::None);
                    seen = None;
                }
                Err(error) => {
                    self.refuse(&Refusal::Read(error), None);
                    seen = None;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Reads the file and loads what is in it, unless it is what is loaded already.
    async fn look(&self) {
        let bytes = match reload::read(&self.settings.path) {
            Ok(bytes) => bytes,
            Err(refusal) => return self.refuse(&refusal, None),
        };
        let digest = Digest::of(&bytes);
        let is_loaded = |policy: &Arc<Policy>| *policy.digest() == digest;
        if self.policy.load_full().as_ref().is_some_and(is_loaded) {
            return;
        }
        self.put(ShadowState::Loading);
        match self.load(&bytes).await {
            Ok(policy) => self.put(ShadowState::Ready(Arc::new(policy))),
            Err(refusal) => self.refuse(&refusal, Some(digest)),
        }
    }

    async fn load(&self, bytes: &[u8]) -> Result<Policy, Refusal> {
        let policy = self.engine.load_in_background(bytes).await.map_err(Refusal::Load)?;
        Admission::test(&policy).await?;
        Ok(policy)
    }

    fn refuse(&self, refusal: &Refusal, digest: Option<Digest>) {
        let why = chain(refusal);
        let is_known = matches!(&*self.state(), ShadowState::Refused { why: known, .. } if *known == why);
        if !is_known {
            tracing::warn!(shadow = %self.settings.path.display(), why, "the shadow policy cannot judge; the gate goes on without one");
        }
        self.put(ShadowState::Refused { why, digest });
    }

    fn put(&self, state: ShadowState) {
        let ready = match &state {
            ShadowState::Ready(policy) => {
                let catalog = policy.catalog();
                tracing::info!(
                    shadow = %self.settings.path.display(),
                    name = catalog.name,
                    version = catalog.version,
                    digest = %policy.digest(),
                    "the shadow policy judges a copy of the traffic"
                );
                Some(policy.clone())
            }
            ShadowState::None | ShadowState::Loading | ShadowState::Refused { .. } => None,
        };
        *self.state() = state;
        self.policy.store(ready);
    }
}
