//! The repository, as the tests see it: its files, and its crates as cargo knows them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use ignore::WalkBuilder;
use serde::Deserialize;

/// What cargo knows of a crate.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) targets: Vec<Target>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A library, a program, a test program, an example or a benchmark.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    /// The file that is its root.
    pub(crate) src_path: PathBuf,
}

/// Another crate that a crate names in its manifest.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// Its folder, when it is in this repository.
    pub(crate) path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    // The variable at run time: where a target directory is shared by several clones, what was compiled in could be another's.
    let here = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where this crate is");
    fs::canonicalize(Path::new(&here).join("..")).expect("the root")
}

/// A path from the root.
pub(crate) fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// All files that git does not ignore, by the rules of `.gitignore`; git need not be installed.
pub(crate) fn files() -> Vec<PathBuf> {
    let walk = WalkBuilder::new(root())
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    let entries = walk.map(|entry| entry.expect("a readable entry"));
    let mut files: Vec<_> = entries
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(ignore::DirEntry::into_path)
        .collect();
    files.sort();
    assert!(files.len() > 100, "only {} files found", files.len());
    files
}

/// All crates of the workspace.
pub(crate) fn packages() -> Vec<Package> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version=1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("what cargo metadata prints");
    metadata.packages
}
