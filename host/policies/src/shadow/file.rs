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
    file::{self, Contents, Place, Settled, Watch},
    source::{Source, SourceLoader},
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
    sources: SourceLoader,
    /// The shadow policy, if one is loaded.
    policy: ArcSwapOption<Policy>,
    state: Mutex<ShadowState>,
    /// Why it was refused last. A file that is tried again is not reported again.
    last_refusal: Mutex<Option<String>>,
}

impl ShadowFile {
    /// Nothing is loaded yet.
    pub(super) fn new(path: PathBuf, engine: Engine) -> Self {
        Self {
            path,
            sources: SourceLoader::new(engine),
            policy: ArcSwapOption::empty(),
            state: Mutex::default(),
            last_refusal: Mutex::default(),
        }
    }

    /// The shadow policy, if one is loaded.
    pub(super) fn policy(&self) -> Option<Arc<Policy>> {
        self.policy.load_full()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, ShadowState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_refusal(&self) -> MutexGuard<'_, Option<String>> {
        self.last_refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads the file each time that it changes.
    pub(super) async fn follow(&self) {
        let watch = Watch::default();
        loop {
            match watch.next(&self.path).await {
                Ok(settled) => {
                    let result = self.reload(settled).await;
                    watch.was_read(Some(settled.place), result.as_ref());
                }
                Err(error) => self.refuse(&Refusal::Read(error), None),
            }
        }
    }

    /// Reads the file, and loads it unless that policy is loaded already; `None`: it changed meanwhile.
    async fn reload(&self, settled: Settled) -> Option<Result<(), Refusal>> {
        if settled.place == Place::Missing {
            self.set(ShadowState::None);
            return Some(Ok(()));
        }
        let (digest, refusal) = match file::read(&self.path, Some(settled)) {
            Ok(contents) => {
                let Contents { source, .. } = contents?;
                let digest = source.digest().clone();
                let is_loaded = |policy: Arc<Policy>| *policy.digest() == digest;
                if self.policy().is_some_and(is_loaded) {
                    return Some(Ok(()));
                }
                self.set(ShadowState::Loading);
                match self.load(&source).await {
                    Ok(policy) => {
                        self.set(ShadowState::Ready(Arc::new(policy)));
                        return Some(Ok(()));
                    }
                    Err(refusal) => (Some(digest), refusal),
                }
            }
            Err(refusal) => (None, refusal),
        };
        self.refuse(&refusal, digest);
        Some(Err(refusal))
    }

    async fn load(&self, source: &Source) -> Result<Policy, Refusal> {
        let policy = self.sources.load_in_background(source).await;
        let policy = policy.map_err(Refusal::Load)?;
        Admission::test(&policy).await?;
        Ok(policy)
    }

    fn refuse(&self, refusal: &Refusal, digest: Option<Digest>) {
        let why = chain(refusal);
        let known = self.last_refusal().replace(why.clone());
        if known.as_ref() != Some(&why) {
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
        if matches!(state, ShadowState::None | ShadowState::Ready(_)) {
            *self.last_refusal() = None;
        }
        *self.state() = state;
        self.policy.store(ready);
    }
}
