//! The identity of a file, which changes whenever the file does. Reads no bytes.

use std::{fs::Metadata, os::unix::fs::MetadataExt};

/// The identity of a file, followed through symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    /// This changes even when a file is restored with its old modification time.
    changed: (i64, i64),
}

impl FileId {
    /// The identity of the file that this metadata is of.
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}
