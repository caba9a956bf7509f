//! What is at a path: a file, a folder, or nothing. Reads no bytes.

use std::{fs, io, path::Path};

use super::{id::FileId, tree};

/// What is at a path: another one when a file there changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// There is no file.
    Missing,
    /// This file.
    File(FileId),
    /// A folder, told by its files.
    Folder(u64),
}

impl Place {
    /// What is at a path now.
    pub fn at(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(Self::Folder(tree::hash(path))),
            Ok(metadata) => Ok(Self::File(FileId::of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Missing),
            Err(error) => Err(error),
        }
    }

    /// Whether this is at a path now.
    pub(crate) fn is_at(self, path: &Path) -> bool {
        Self::at(path).is_ok_and(|found| found == self)
    }
}
