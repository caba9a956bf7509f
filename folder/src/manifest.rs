//! Reads the manifest of a folder, which is YAML or JSON. Knows nothing of what is in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tidegate_policy::Manifest;

use crate::error::FolderError;

/// The names that a manifest may have.
pub(crate) const NAMES: [&str; 3] = ["policy.yaml", "policy.yml", "policy.json"];

/// The most bytes of a manifest.
const MOST_BYTES: u64 = 1 << 20;

pub(crate) fn read(folder: &Path) -> Result<Manifest, FolderError> {
    let file = find(folder)?;
    let text = bounded_text(&file).map_err(|source| FolderError::Read {
        file: file.clone(),
        source,
    })?;
    // JSON is YAML.
    serde_saphyr::from_str(&text).map_err(|error| FolderError::Manifest {
        problem: problem(&file, &error),
        file,
    })
}

/// The text of a file, which is no pipe and not too large.
fn bounded_text(file: &Path) -> io::Result<String> {
    let metadata = fs::metadata(file)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if metadata.len() > MOST_BYTES {
        return Err(io::Error::other(format!("it has more than {} MiB", MOST_BYTES >> 20)));
    }
    fs::read_to_string(file)
}

/// What is wrong, with the lines of the file around it. Left out is what only a caller of the library could set.
fn problem(file: &Path, error: &serde_saphyr::Error) -> String {
    let message = error.to_string();
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    message
        .replace("<input>", &file.display().to_string())
        .replace(", set DuplicateKeyPolicy in Options if acceptable", "")
}

fn find(folder: &Path) -> Result<PathBuf, FolderError> {
    let entries = fs::metadata(folder).and_then(|metadata| {
        let is_folder = metadata.is_dir();
        is_folder
            .then_some(())
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotADirectory))
    });
    entries.map_err(|source| FolderError::Read {
        file: folder.to_owned(),
        source,
    })?;
    let found: Vec<_> = NAMES.into_iter().filter(|name| folder.join(name).exists()).collect();
    match found[..] {
        [] => Err(FolderError::NoManifest(folder.to_owned())),
        [name] => Ok(folder.join(name)),
        _ => Err(FolderError::TwoManifests {
            folder: folder.to_owned(),
            names: found,
        }),
    }
}
