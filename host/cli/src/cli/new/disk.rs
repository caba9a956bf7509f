//! The files of a new folder, written where nothing is yet.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context as _, anyhow};

/// A file of the new folder.
#[derive(Debug)]
pub(super) struct NewFile {
    /// Its path in the folder.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) is_program: bool,
}

impl NewFile {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            is_program: false,
        }
    }
}

/// Writes all files. The folder must not exist.
pub(super) fn write(folder: &Path, files: &[NewFile]) -> anyhow::Result<()> {
    let shown = folder.display();
    fs::create_dir(folder).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            anyhow!("{shown} exists, and is not overwritten; choose another name, or remove it first")
        }
        _ => anyhow::Error::new(error).context(format!("{shown} cannot be created")),
    })?;
    for file in files {
        let path = folder.join(&file.path);
        write_file(&path, file).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

fn write_file(path: &Path, file: &NewFile) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mode = if file.is_program { 0o777 } else { 0o666 };
    let mut written = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    written.write_all(file.text.as_bytes())
}
