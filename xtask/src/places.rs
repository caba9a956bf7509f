//! Where things are: the root of the repository, cargo's target directory and `dist/`; and cargo itself, run from there.

use std::{
    env, fs,
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
    /// All programs of integration tests in the workspace.
    pub(crate) tests: Vec<TestProgram>,
}

/// A program of integration tests.
#[derive(Debug)]
pub(crate) struct TestProgram {
    /// What cargo calls it.
    pub(crate) name: String,
    /// Whether it starts real services.
    pub(crate) on_services: bool,
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
    src_path: PathBuf,
}

impl TestProgram {
    /// Reads in a program's own text what it needs: one that makes a `Suite` of the harness starts services.
    fn new(target: Target) -> Result<Self> {
        let text = fs::read_to_string(&target.src_path).with_context(|| target.src_path.display().to_string())?;
        Ok(Self {
            name: target.name,
            on_services: text.contains("Suite::new("),
        })
    }
}

impl Metadata {
    fn read() -> Result<Self> {
        let output = Command::new(cargo_path())
            .args(["metadata", "--no-deps", "--format-version=1"])
            .current_dir(here())
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
            tests: tests.map(TestProgram::new).collect::<Result<_>>()?,
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

    /// The same policy, made of the files in `schemas/` by the gate's program.
    pub(crate) fn built_policy(&self) -> PathBuf {
        self.dist.join("built-policy.wasm")
    }

    /// The policy without data, which the build script of the program looks for there.
    pub(crate) fn prebuilt(&self) -> PathBuf {
        self.dist.join("prebuilt.wasm")
    }

    /// The policy of `examples/next-policy`.
    pub(crate) fn next_policy(&self) -> PathBuf {
        self.dist.join("next-policy.wasm")
    }

    /// Where a stage of `cargo xtask test` puts the reports of its runner.
    pub(crate) fn reports(&self, stage: &str) -> PathBuf {
        self.target.join("reports").join(stage)
    }

    /// The shared library of `bindings/c`.
    pub(crate) fn library(&self) -> PathBuf {
        self.dist.join("lib/libtidegate.so")
    }

    /// A cargo command, to be run in the root.
    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(cargo_path());
        command.args(arguments).current_dir(&self.root);
        command
    }
}

/// Puts a finished file in its place at once, so that nobody ever sees half of it; one that is the same stays.
pub(crate) fn publish(built: &Path, place: &Path) -> Result<()> {
    let bytes = fs::read(built).with_context(|| format!("{} was not built", built.display()))?;
    if fs::read(place).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let mut aside: PathBuf = place.to_owned();
    aside.set_extension(format!("new-{}", std::process::id()));
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
    }
    // A copy keeps the permissions: the gate stays executable.
    fs::copy(built, &aside).with_context(|| aside.display().to_string())?;
    fs::rename(&aside, place).with_context(|| place.display().to_string())
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

/// The directory of this crate. Cargo says it when it runs a program; where a target directory is shared by several
/// clones, what was compiled in could be that of another.
fn here() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

fn cargo_path() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}
