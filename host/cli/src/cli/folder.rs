//! From a folder of plain files to a policy, or to the bytes of one. Knows nothing of what is in a folder.

use std::path::Path;

use anyhow::{anyhow, ensure};
use tidegate_engine::{Engine, LoadError, Policy};
use tidegate_prebuilt::BUNDLE;

/// The policy without a bundle; empty: the program was built without it.
const PREBUILT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/prebuilt.wasm"));

/// Loads the policy of a folder.
pub(super) async fn load(folder: &Path, engine: &Engine) -> anyhow::Result<Policy> {
    let document = document(folder)?;
    let prebuilt = engine.load_prebuilt(PREBUILT).await?;
    let policy = prebuilt.configure(&document).await;
    policy.map_err(|error| refusal(folder, error))
}

/// Builds the policy of a folder: one component. The same files give the same bytes.
pub(super) async fn build(folder: &Path, engine: &Engine) -> anyhow::Result<Vec<u8>> {
    let document = document(folder)?;
    let built = engine.prepare(PREBUILT, &[(BUNDLE, &document)]).await;
    built.map_err(|error| refusal(folder, error))
}

fn document(folder: &Path) -> anyhow::Result<String> {
    ensure!(
        !PREBUILT.is_empty(),
        "this program was built without the prebuilt policy; build it with `cargo xtask build`"
    );
    Ok(tidegate_folder::read(folder)?.to_document()?)
}

fn refusal(folder: &Path, error: LoadError) -> anyhow::Error {
    match error {
        LoadError::Refused { said } => anyhow!("{} is no policy: {said}", folder.display()),
        error => anyhow!(error).context(format!("the policy of {} cannot be made", folder.display())),
    }
}
