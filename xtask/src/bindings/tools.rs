//! The tools of other languages, as they are called here.

use std::{ffi::OsStr, path::PathBuf, process::Command};

use crate::places::Places;

/// A virtual environment of Python, for one folder alone.
pub(crate) struct Venv(PathBuf);

impl Venv {
    pub(crate) fn of(places: &Places, name: &str) -> Self {
        Self::at(places.target.join("bindings").join(name))
    }

    pub(crate) fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(crate) fn create(&self) -> Command {
        let mut python = Command::new("python3");
        python.args(["-m", "venv"]).arg(&self.0);
        python
    }

    /// Installs.
    pub(crate) fn pip(&self, arguments: &[&OsStr]) -> Command {
        let mut pip = self.run("pip", &["install", "--quiet", "--disable-pip-version-check"]);
        pip.args(arguments);
        pip
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.0.join("bin").join(program));
        command.args(arguments);
        command
    }
}

pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.args(arguments);
    npm
}

/// Go, with the C library of `dist/lib`.
pub(crate) fn go(places: &Places, arguments: &[&str]) -> Command {
    let mut go = Command::new("go");
    go.args(arguments);
    go_env(places, &mut go);
    go
}

/// What Go, or what calls it, needs to find the C library of `dist/lib`.
pub(super) fn go_env(places: &Places, go: &mut Command) {
    let library = places.dist.join("lib");
    go.env("PKG_CONFIG_PATH", library.join("pkgconfig"));
    // Go's cache knows this variable, and not what pkg-config says: it would keep the path of another clone.
    go.env("CGO_LDFLAGS", format!("-L{}", library.display()));
    go.env("LD_LIBRARY_PATH", library);
}

pub(crate) fn mvn(arguments: &[&str]) -> Command {
    let mut mvn = Command::new("mvn");
    mvn.args(["--batch-mode", "--no-transfer-progress", "-Dstyle.color=never"])
        .args(arguments);
    mvn
}
