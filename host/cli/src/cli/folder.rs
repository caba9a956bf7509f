//! From a folder of plain files to the bytes of a policy. Knows nothing of what is in a folder.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use tidegate_engine::{Engine, LoadError};
use tidegate_prebuilt::BUNDLE;

/// The policy without a bundle; empty: the program was built without it.
const PREBUILT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/prebuilt.wasm"));

/// Builds the policy of a folder. The same files give the same bytes.
pub(super) async fn build(folder: &Path, engine: &Engine) -> anyhow::Result<Vec<u8>> {
    let bundle = tidegate_folder::read(folder)?;
    ensure!(
        !PREBUILT.is_empty(),
        "this program was built without the prebuilt policy; build it with `cargo xtask build`"
    );
    let document = bundle.to_document()?;
    match engine.prepare(PREBUILT, &[(BUNDLE, &document)]).await {
        Err(LoadError::Refused { said }) => bail!("{} is no policy: {said}", folder.display()),
        built => built.with_context(|| format!("the policy of {} cannot be built", folder.display())),
    }
}
