//! Reads the schemas of a folder: every `.json` in it, within bounds. What is hidden, and the folder `tests`, is left out. Knows
//! nothing of schemas.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tidegate_policy::File;
use walkdir::{DirEntry, WalkDir};

use crate::{error::FolderError, manifest};

/// The most files.
const MOST_FILES: usize = 2000;
/// The most bytes of all files together.
const MOST_BYTES: u64 = 4 << 20;

/// The files, sorted by name, so that the same folder gives the same bundle everywhere.
pub(crate) fn read(folder: &Path) -> Result<Vec<File>, FolderError> {
    let root = fs::canonicalize(folder).map_err(|source| FolderError::Read {
        file: folder.to_owned(),
        source,
    })?;
    let mut files = Vec::new();
    let mut bytes = 0;
    for entry in WalkDir::new(folder)
        .follow_links(true)
        .into_iter()
        .filter_entry(is_visible)
    {
        let entry = entry.map_err(|error| unreadable(folder, error))?;
        let Some(name) = schema_name(folder, &entry) else {
            continue;
        };
        bytes += entry.metadata().map_err(|error| unreadable(folder, error))?.len();
        let too_large = |limit| FolderError::TooLarge {
            folder: folder.to_owned(),
            limit,
        };
        if bytes > MOST_BYTES {
            return Err(too_large("4 MiB of schemas"));
        }
        if files.len() == MOST_FILES {
            return Err(too_large("2,000 files"));
        }
        files.push(File {
            name: name.into(),
            text: text_of(&root, entry.path())?.into(),
        });
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

fn is_visible(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.depth() == 0 || !(name.starts_with('.') || (entry.depth() == 1 && name == "tests"))
}

/// The name of a schema in the bundle: its path from the folder, with `/`.
fn schema_name(folder: &Path, entry: &DirEntry) -> Option<String> {
    let path = entry.path().strip_prefix(folder).ok()?;
    let is_schema = entry.file_type().is_file() && path.extension().is_some_and(|extension| extension == "json");
    let names: Option<Vec<_>> = path.iter().map(|name| name.to_str()).collect();
    let name = names?.join("/");
    (is_schema && !manifest::NAMES.contains(&name.as_str())).then_some(name)
}

fn text_of(root: &Path, file: &Path) -> Result<String, FolderError> {
    let failed = |source| FolderError::Read {
        file: file.to_owned(),
        source,
    };
    if !fs::canonicalize(file).map_err(failed)?.starts_with(root) {
        return Err(FolderError::Outside(file.to_owned()));
    }
    fs::read_to_string(file).map_err(failed)
}

fn unreadable(folder: &Path, error: walkdir::Error) -> FolderError {
    let file = error.path().map_or_else(|| folder.to_owned(), PathBuf::from);
    let source = error
        .into_io_error()
        .unwrap_or_else(|| io::Error::other("a link leads in a circle"));
    FolderError::Read { file, source }
}
