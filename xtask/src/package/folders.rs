//! Folders in which packages are built and tried.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{places::Places, steps};

/// A folder of a package, with nothing in it.
pub(super) fn emptied(places: &Places, package: &str, name: &str) -> Result<PathBuf> {
    let folder = places.target.join("packages").join(package).join(name);
    let named = || folder.display().to_string();
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(named)?;
    }
    fs::create_dir_all(&folder).with_context(named)?;
    Ok(folder)
}

/// The files of a folder whose names end so; none where there is no folder.
pub(super) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// The one file of a folder whose name ends so.
pub(super) fn only_file(folder: &Path, ending: &str) -> Result<PathBuf> {
    let found = files(folder, ending)?;
    let [file] = &found[..] else {
        bail!(
            "{} files in {} end with {ending}, not one",
            found.len(),
            folder.display()
        );
    };
    Ok(file.clone())
}

/// Writes a file of a trial.
pub(super) fn write(file: &Path, text: &str) -> Result<()> {
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(file, text).with_context(|| file.display().to_string())
}

/// Runs a command in a folder.
pub(super) fn run_in(folder: &Path, command: &mut Command) -> Result<()> {
    steps::run(command.current_dir(folder))
}
