//! What a policy is made of, a component or a folder of plain files, and how each is loaded. Knows nothing of when.

use std::{path::Path, sync::LazyLock};

use tidegate_engine::{Digest, Engine, LoadError, Policy, Prebuilt};
use tidegate_folder::FolderError;
use tidegate_prebuilt::BUNDLE;
use tokio::sync::OnceCell;

/// The policy without a bundle; empty: the program was built without it.
const PREBUILT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/prebuilt.wasm"));

static PREBUILT_DIGEST: LazyLock<Digest> = LazyLock::new(|| Digest::of(PREBUILT));

/// What a policy is made of.
#[derive(Debug)]
pub enum Source {
    /// The bytes of a component.
    Component(Vec<u8>),
    /// The bundle of a folder, as one document.
    Bundle(String),
}

/// Loads policies of both kinds with one engine.
#[derive(Debug)]
pub struct SourceLoader {
    engine: Engine,
    /// The code of policies that are made of folders, loaded with the first.
    prebuilt: OnceCell<Prebuilt>,
}

impl Source {
    /// Reads a folder.
    pub fn of_folder(path: &Path) -> Result<Self, FolderError> {
        bundle(path).map(Self::Bundle)
    }

    /// Names the policy.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Component(bytes) => Digest::of(bytes),
            Self::Bundle(bundle) => PREBUILT_DIGEST.with_bundle(bundle),
        }
    }
}

impl SourceLoader {
    /// Nothing is loaded yet.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            prebuilt: OnceCell::new(),
        }
    }

    /// Loads a policy with all cores.
    pub async fn load(&self, source: &Source) -> Result<Policy, LoadError> {
        match source {
            Source::Component(bytes) => self.engine.load(bytes).await,
            Source::Bundle(bundle) => self.configure(bundle).await,
        }
    }

    /// Loads a policy while others run. Only a component that has to be compiled takes longer than with [`Self::load`].
    pub async fn load_in_background(&self, source: &Source) -> Result<Policy, LoadError> {
        match source {
            Source::Component(bytes) => self.engine.load_in_background(bytes).await,
            Source::Bundle(bundle) => self.configure(bundle).await,
        }
    }

    async fn configure(&self, bundle: &str) -> Result<Policy, LoadError> {
        let load = || async { self.engine.load_prebuilt(prebuilt()?).await };
        self.prebuilt.get_or_try_init(load).await?.configure(bundle).await
    }
}

/// The bundle of a folder.
pub fn bundle(folder: &Path) -> Result<String, FolderError> {
    tidegate_folder::read_document(folder)
}

/// Makes one component of a bundle. The same bundle gives the same bytes.
pub async fn build(bundle: &str, engine: &Engine) -> Result<Vec<u8>, LoadError> {
    engine.prepare(prebuilt()?, &[(BUNDLE, bundle)]).await
}

fn prebuilt() -> Result<&'static [u8], LoadError> {
    if PREBUILT.is_empty() {
        let said = "this program was built without the prebuilt policy; build it with `cargo xtask build`".to_owned();
        return Err(LoadError::Refused { said });
    }
    Ok(PREBUILT)
}
