//! What tells one state of a file from another without reading it.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

/// The state of a file, followed through symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    /// In bytes.
    pub(super) len: u64,
    modified: (i64, i64),
    /// Also told by a file that is put back with its old time.
    changed: (i64, i64),
}

impl Stamp {
    /// Whether both are of the same file or directory, whatever has happened to it in between.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// The stamp of the file that is there now; `None`: none is.
    pub(crate) fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(meta) => Ok(Some(Self {
                device: meta.dev(),
                inode: meta.ino(),
                len: meta.len(),
                modified: (meta.mtime(), meta.mtime_nsec()),
                changed: (meta.ctime(), meta.ctime_nsec()),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
