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
    /// A folder.
    Folder {
        /// Its files, as one number.
        files: u64,
        /// Where a link leads by which all of them are replaced at once, as a number; `None`: there is none.
        link: Option<u64>,
    },
}

impl Place {
    /// What is at a path now.
    pub fn at(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(Self::Folder {
                files: tree::hash(path),
                link: tree::link(path),
            }),
            Ok(metadata) => Ok(Self::File(FileId::of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Missing),
            Err(error) => Err(error),
        }
    }

    /// Whether a link was turned from what was here before to this, so that it was whole before it was seen.
    pub(super) fn is_turned_from(self, before: Self) -> bool {
        match (self, before) {
            (Self::Folder { link: Some(now), .. }, Self::Folder { link: Some(then), .. }) => now != then,
            _ => false,
        }
    }

    /// Whether this is at a path now.
    pub(crate) fn is_at(self, path: &Path) -> bool {
        Self::at(path).is_ok_and(|found| found == self)
    }
}
