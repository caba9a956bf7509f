//! The policy's file: its identity, which changes whenever the file does, and its bytes. Knows no policy.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use crate::admission::Refusal;

/// The largest file that is read.
const MAX_BYTES: u64 = 64 << 20;

/// The identity of a file, followed through symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    /// This changes even when a file is restored with its old modification time.
    changed: (i64, i64),
}

impl FileId {
    /// The identity of a file; `None`: there is no file.
    pub(crate) fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(meta) => Ok(Some(Self {
                device: meta.dev(),
                inode: meta.ino(),
                bytes: meta.len(),
                modified: (meta.mtime(), meta.mtime_nsec()),
                changed: (meta.ctime(), meta.ctime_nsec()),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The bytes of a policy's file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    // Reading a pipe would never end.
    if !fs::metadata(path).map_err(Refusal::Read)?.is_file() {
        return Err(Refusal::Read(io::Error::other("it is not a file")));
    }
    let file = File::open(path).map_err(Refusal::Read)?;
    let size = file.metadata().map_err(Refusal::Read)?.len();
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(Refusal::Read)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Refusal::TooLarge {
            bytes: size,
            limit: MAX_BYTES,
        });
    }
    Ok(bytes)
}
