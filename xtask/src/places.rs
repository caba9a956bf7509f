//! Where things are: the root of the repository, cargo's target directory and `dist/`; and cargo itself, run from there.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// Where things are.
#[derive(Debug)]
pub(crate) struct Places {
    /// The root of the repository.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// Where finished things are put.
    pub(crate) dist: PathBuf,
    /// The names of all programs of integration tests in the workspace.
    pub(crate) tests: Vec<String>,
}

/// What is used of what cargo knows.
#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Metadata {
    fn read() -> Result<Self> {
        let output = Command::new(cargo_path())
            .args(["metadata", "--no-deps", "--format-version=1"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .context("cargo cannot be run")?;
        ensure!(
            output.status.success(),
            "cargo metadata failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).context("cargo metadata answers differently")
    }
}

impl Places {
    /// Asks cargo.
    pub(crate) fn find() -> Result<Self> {
        let metadata = Metadata::read()?;
        let root = metadata.workspace_root;
        let targets = metadata.packages.into_iter().flat_map(|package| package.targets);
        let tests = targets.filter(|target| target.kind.iter().any(|kind| kind == "test"));
        Ok(Self {
            tests: tests.map(|target| target.name).collect(),
            dist: root.join("dist"),
            target: metadata.target_directory,
            root,
        })
    }

    /// The gate's program.
    pub(crate) fn gate(&self) -> PathBuf {
        self.dist.join(format!("tidegate{}", env::consts::EXE_SUFFIX))
    }

    /// The policy.
    pub(crate) fn policy(&self) -> PathBuf {
        self.dist.join("policy.wasm")
    }

    /// A cargo command, to be run in the root.
    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(cargo_path());
        command.args(arguments).current_dir(&self.root);
        command
    }
}

/// A path as one would type it here: relative when it is below the working directory.
pub(crate) fn typed(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    let short = path.strip_prefix(&here).unwrap_or(path).display().to_string();
    if short.contains(|c: char| c.is_whitespace() || "'\"\\$&;()*?".contains(c)) {
        format!("'{}'", short.replace('\'', r"'\''"))
    } else {
        short
    }
}

fn cargo_path() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}
