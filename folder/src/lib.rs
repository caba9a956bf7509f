//! The bundle of a folder of plain files: a manifest, and the JSON Schemas that it names.
//!
//! Reads files and judges nothing: schemas may be hostile, so the policy is made of the bundle where it can do no harm. Knows no
//! WebAssembly and no gate.

mod error;
mod files;
mod manifest;
mod root;

use std::path::Path;

use tidegate_policy::Bundle;

pub use self::error::FolderError;
use self::root::Root;

/// Reads a folder, as one document.
pub fn read_document(folder: &Path) -> Result<String, FolderError> {
    Ok(read(folder)?.to_document()?)
}

/// Reads a folder.
pub fn read(folder: &Path) -> Result<Bundle, FolderError> {
    let root = Root::open(folder)?;
    let manifest = manifest::read(&root)?;
    Ok(Bundle {
        files: files::read(&root, &manifest)?,
        manifest,
    })
}
