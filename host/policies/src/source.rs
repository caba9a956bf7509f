//! What a policy is made of, foreign code or plain files, and how each is loaded. Knows nothing of when.
//!
//! Plain files come as a folder, as one document, or as data in a component that `tidegate build` has made. All three are run by the
//! prebuilt component, whose code is the gate's own.

use std::{path::Path, sync::LazyLock};

use tidegate_engine::{Digest, EmbedError, Engine, LoadError, Policy, Prebuilt};
use tidegate_folder::FolderError;
use tokio::sync::OnceCell;

/// The policy without a bundle; empty: the program was built without it.
const PREBUILT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/prebuilt.wasm"));

/// Its compiled code; empty, or for another one: it is compiled.
const CARRIED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/prebuilt.code"));

static PREBUILT_DIGEST: LazyLock<Digest> = LazyLock::new(|| Digest::of(PREBUILT));

/// What a policy is made of.
#[derive(Debug)]
pub struct Source {
    digest: Digest,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// The bytes of a component, whose code may be anything.
    Component(Vec<u8>),
    /// The bundle of plain files, as one document.
    Bundle(String),
}

/// Loads policies of both kinds with one engine.
#[derive(Debug)]
pub struct SourceLoader {
    engine: Engine,
    /// The code of policies that are made of plain files, loaded with the first.
    prebuilt: OnceCell<Prebuilt>,
}

impl Source {
    /// Reads a folder.
    pub fn of_folder(path: &Path) -> Result<Self, FolderError> {
        Ok(Self::of_bundle(tidegate_folder::read_document(path)?))
    }

    /// Reads the bytes of a file: a component, or a bundle as one document.
    pub fn of_file(bytes: Vec<u8>) -> Result<Self, FolderError> {
        if tidegate_folder::is_document(&bytes) {
            return Ok(Self::of_bundle(tidegate_folder::parse_document(&bytes)?));
        }
        let digest = Digest::of(&bytes);
        let form = match tidegate_engine::embedded(&bytes, PREBUILT) {
            Some(bundle) => Form::Bundle(bundle.to_owned()),
            None => Form::Component(bytes),
        };
        Ok(Self { digest, form })
    }

    /// The policy of a bundle: the same digest for a folder and for the document that is made of it.
    fn of_bundle(bundle: String) -> Self {
        Self {
            digest: PREBUILT_DIGEST.with_bundle(&bundle),
            form: Form::Bundle(bundle),
        }
    }

    /// Names the policy.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The bundle of a policy that is made of plain files.
    pub fn bundle(&self) -> Option<&str> {
        match &self.form {
            Form::Component(_) => None,
            Form::Bundle(bundle) => Some(bundle),
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
        match &source.form {
            Form::Component(bytes) => self.engine.load(bytes).await,
            Form::Bundle(bundle) => self.configure(bundle, &source.digest).await,
        }
    }

    /// Loads a policy while others run. Only a component that has to be compiled takes longer than with [`Self::load`].
    pub async fn load_in_background(&self, source: &Source) -> Result<Policy, LoadError> {
        match &source.form {
            Form::Component(bytes) => self.engine.load_in_background(bytes).await,
            Form::Bundle(bundle) => self.configure(bundle, &source.digest).await,
        }
    }

    async fn configure(&self, bundle: &str, digest: &Digest) -> Result<Policy, LoadError> {
        // SAFETY: `cargo xtask build` makes that file by `precompile`, and it is a part of this program like its own code.
        #[allow(unsafe_code)]
        let load = || async { unsafe { self.engine.load_prebuilt(prebuilt()?, CARRIED).await } };
        let prebuilt = self.prebuilt.get_or_try_init(load).await?;
        prebuilt.configure(bundle, digest.clone()).await
    }
}

/// Makes one component of a bundle, with what it is in a custom section. The same input gives the same bytes.
pub fn build(bundle: &str, name: &str, version: &str) -> Result<Vec<u8>, EmbedError> {
    let about = serde_json::json!({
        "name": name,
        "version": version,
        "bundle": Digest::of(bundle.as_bytes()),
        "prebuilt": *PREBUILT_DIGEST,
    });
    tidegate_engine::embed(PREBUILT, bundle, &about.to_string())
}

fn prebuilt() -> Result<&'static [u8], LoadError> {
    if PREBUILT.is_empty() {
        let said = "this program was built without the prebuilt policy; build it with `cargo xtask build`".to_owned();
        return Err(LoadError::Refused { said });
    }
    Ok(PREBUILT)
}
