//! A policy from a folder of plain files: a manifest, and the JSON Schemas that it names.
//!
//! Reads files and checks them, so that what is wrong is said before anything is built. Knows no WebAssembly and no gate.

mod error;
mod files;
mod manifest;

use std::path::Path;

use tidegate_policy::{Bundle, Code, Policy};

pub use self::error::FolderError;

/// Reads a folder and checks that it makes a policy.
pub fn read(folder: &Path) -> Result<Bundle, FolderError> {
    let bundle = Bundle {
        manifest: manifest::read(folder)?,
        files: files::read(folder)?,
    };
    Policy::new(&bundle, Code::default()).map_err(|source| FolderError::Policy {
        folder: folder.to_owned(),
        source,
    })?;
    Ok(bundle)
}
