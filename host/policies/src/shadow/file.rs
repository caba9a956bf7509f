//! The shadow policy's file, loaded when it changes. If it is refused, the gate has no shadow policy, and the report has the
//! reason. Knows nothing of the comparison.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwapOption;
use tidegate_engine::{Digest, Engine, Policy};
use tidegate_model::error::chain;

use crate::{
    admission::{Admission, Refusal},
    reload::{self, Look, POLL_INTERVAL, Watch},
};

/// The state of the shadow policy.
#[derive(Debug, Default)]
pub(super) enum ShadowState {
    /// There is no file.
    None,
    /// It is being loaded.
    #[default]
    Loading,
    /// It judges events.
    Ready(Arc<Policy>),
    /// Its file is refused.
    Refused {
        why: String,
        /// Of the file, where it could be read.
        digest: Option<Digest>,
    },
}

/// The shadow policy's file.
#[derive(Debug)]
pub(super) struct ShadowFile {
    path: PathBuf,
    engine: Engine,
    /// The shadow policy, if one is loaded.
    policy: ArcSwapOption<Policy>,
    state: Mutex<ShadowState>,
}

impl ShadowFile {
    /// Nothing is loaded yet.
    pub(super) fn new(path: PathBuf, engine: Engine) -> Self {
        Self {
            path,
            engine,
            policy: ArcSwapOption::empty(),
            state: Mutex::default(),
        }
    }

    /// The shadow policy, if one is loaded.
    pub(super) fn policy(&self) -> Option<Arc<Policy>> {
        self.policy.load_full()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, ShadowState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads the file each time that it changes.
    pub(super) async fn follow(&self) {
        let mut watch = Watch::default();
        loop {
            match watch.look(&self.path) {
                Ok(Look::Same | Look::Changed | Look::Restored) => {}
                Ok(Look::Missing) => self.set(ShadowState::None),
                Ok(Look::Settled(id, _)) => {
                    self.load_if_new().await;
                    watch.was_read(id);
                }
                Err(error) => self.refuse(&Refusal::Read(error), None),
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Reads the file, and loads it unless that policy is loaded already.
    async fn load_if_new(&self) {
        let bytes = match reload::read(&self.path) {
            Ok(bytes) => bytes,
            Err(refusal) => return self.refuse(&refusal, None),
        };
        let digest = Digest::of(&bytes);
        let is_loaded = |policy: &Arc<Policy>| *policy.digest() == digest;
        if self.policy().as_ref().is_some_and(is_loaded) {
            return;
        }
        self.set(ShadowState::Loading);
        match self.load(&bytes).await {
            Ok(policy) => self.set(ShadowState::Ready(Arc::new(policy))),
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
            tracing::warn!(shadow = %self.path.display(), why, "the shadow policy is refused; the gate runs without one");
        }
        self.set(ShadowState::Refused { why, digest });
    }

    fn set(&self, state: ShadowState) {
        let ready = match &state {
            ShadowState::Ready(policy) => {
                let catalog = policy.catalog();
                tracing::info!(
                    shadow = %self.path.display(),
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
