//! The bundle of a folder of plain files, or of the one file that holds them: a manifest, and the JSON Schemas that it names.
//!
//! Reads files and judges nothing: schemas may be hostile, so the policy is made of the bundle where it can do no harm. Knows no
//! WebAssembly and no gate.

mod document;
mod error;
mod files;
mod manifest;
mod root;

use std::path::Path;

use tidegate_policy::Bundle;

use self::root::Root;
pub use self::{
    document::{is_document, parse_document},
    error::FolderError,
};

/// Reads a folder, as one document.
pub fn read_document(folder: &Path) -> Result<String, FolderError> {
    document::write(&read(folder)?)
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
