//! The folder itself: reads the text of a file in it, within bounds. Nothing outside the folder is ever read: a link that leads out
//! is refused by the system calls, not by looking at paths. Knows nothing of what is in a file.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptions, OpenOptionsExt as _},
};
use rustix::fs::OFlags;

use crate::error::FolderError;

/// A folder that is open.
pub(crate) struct Root {
    path: PathBuf,
    dir: Dir,
}

impl Root {
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let dir = Dir::open_ambient_dir(path, ambient_authority());
        Ok(Self {
            dir: dir.map_err(|source| FolderError::Read {
                file: path.to_owned(),
                source,
            })?,
            path: path.to_owned(),
        })
    }

    /// Its path, as it was given.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it, for messages.
    pub(crate) fn shown(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The text of a file, which has at most `most` bytes; `None`: there is no such file. A byte order mark is left out and lines
    /// end with `\n`, so that the same files are the same text on every system.
    pub(crate) fn text(&self, name: &str, most: u64) -> Result<Option<String>, FolderError> {
        let failed = |source: io::Error| {
            let file = self.shown(name);
            match source.kind() {
                // It does not come from the system.
                io::ErrorKind::PermissionDenied if source.raw_os_error().is_none() => FolderError::Outside(file),
                _ => FolderError::Read { file, source },
            }
        };
        match self.bounded(name, most) {
            Ok(text) => {
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                Ok(Some(text.replace("\r\n", "\n")))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn bounded(&self, name: &str, most: u64) -> io::Result<String> {
        let mut open = OpenOptions::new();
        // Opening a pipe without a writer would never end. For a regular file the flag means nothing.
        open.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let file = self.dir.open_with(name, &open)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let mut text = String::new();
        file.take(most + 1).read_to_string(&mut text)?;
        if text.len() as u64 > most {
            return Err(io::Error::other(format!("it has more than {} MiB", most >> 20)));
        }
        Ok(text)
    }
}
