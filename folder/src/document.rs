//! A policy in one file: the bundle as one JSON document, as a folder gives it. Knows no folder.

use std::collections::BTreeSet;

use tidegate_policy::{Bundle, BundleError};

use crate::{error::FolderError, files};

/// The most bytes of a document: a gate holds it once for each instance.
const MOST_BYTES: usize = 4 << 20;

/// Whether a file is meant as a document: JSON, and no WebAssembly.
pub fn is_document(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

/// Reads a document. What comes back is the same for the same files, however the document was written.
pub fn parse_document(bytes: &[u8]) -> Result<String, FolderError> {
    // Before it is read: a longer one is no policy, whatever is in it.
    check_size(bytes.len())?;
    let text = std::str::from_utf8(bytes).map_err(|error| match error.error_len() {
        None => FolderError::Cut,
        Some(_) => FolderError::NotUtf8(error.valid_up_to() + 1),
    })?;
    let mut bundle = Bundle::from_document(text).map_err(|error| match error {
        BundleError::Document(source) if source.is_eof() => FolderError::Cut,
        error => FolderError::Bundle(error),
    })?;
    check_files(&bundle)?;
    bundle.files.sort_by(|a, b| a.name.cmp(&b.name));
    write(&bundle)
}

/// Writes a bundle, within the bounds of a document.
pub(crate) fn write(bundle: &Bundle) -> Result<String, FolderError> {
    let document = bundle.to_document()?;
    check_size(document.len())?;
    Ok(document)
}

fn check_size(bytes: usize) -> Result<(), FolderError> {
    if bytes > MOST_BYTES {
        return Err(FolderError::LargeDocument {
            bytes,
            limit: MOST_BYTES,
        });
    }
    Ok(())
}

/// The files of a document are those that a folder could have.
fn check_files(bundle: &Bundle) -> Result<(), FolderError> {
    if bundle.files.len() > files::MOST_FILES {
        return Err(FolderError::ManyFiles(bundle.files.len()));
    }
    let mut names = BTreeSet::new();
    for file in &bundle.files {
        if !files::is_plain(&file.name) || !names.insert(&file.name) {
            return Err(FolderError::FileName(file.name.clone().into_owned()));
        }
    }
    Ok(())
}
