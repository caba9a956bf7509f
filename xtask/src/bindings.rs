//! The policy from other languages: the C library in `dist/`, the answers that all bindings must give, and each language's own
//! tests, run by its own tools.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{
    places::{Places, publish},
    steps::{self, Steps},
};

/// A language with a binding, or with an example of a policy.
#[derive(Debug)]
pub(crate) struct Language {
    /// What its stage is called.
    pub(crate) name: &'static str,
    /// Programs that must be in PATH.
    needs: &'static [&'static str],
    /// Commands that make ready.
    prepare: fn(&Places) -> Vec<Command>,
    /// The command that tests.
    test: fn(&Places) -> Command,
}

/// All of them, in the order in which they are tested. C's own tests are among those of cargo.
pub(crate) const LANGUAGES: [Language; 4] = [
    Language {
        name: "python",
        needs: &["python3"],
        prepare: |places| {
            let folder = places.root.join("bindings/python");
            let requirements = folder.join("requirements-dev.txt");
            let pip = |arguments: &[&OsStr]| {
                let mut pip = python(places);
                pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
                pip.args(arguments);
                pip
            };
            let mut venv = Command::new("python3");
            venv.args(["-m", "venv"]).arg(venv_of(places));
            vec![
                venv,
                pip(&["--requirement".as_ref(), requirements.as_ref()]),
                pip(&["--no-deps".as_ref(), "--force-reinstall".as_ref(), folder.as_ref()]),
            ]
        },
        test: |places| within(python(places), &places.root.join("bindings/python"), &["-m", "pytest"]),
    },
    Language {
        name: "node",
        needs: &["node", "npm"],
        prepare: |places| {
            let folder = places.root.join("bindings/node");
            let npm = |arguments: &[&str]| within(Command::new("npm"), &folder, arguments);
            vec![npm(&["ci", "--no-audit", "--no-fund"]), npm(&["run", "build"])]
        },
        test: |places| within(Command::new("npm"), &places.root.join("bindings/node"), &["test"]),
    },
    Language {
        name: "go",
        needs: &["go", "cc", "pkg-config"],
        prepare: |_| Vec::new(),
        test: |places| {
            let library = places.dist.join("lib");
            let arguments = ["test", "-race", "-count=1", "-v", "./..."];
            let mut go = within(Command::new("go"), &places.root.join("bindings/go"), &arguments);
            go.env("PKG_CONFIG_PATH", library.join("pkgconfig"))
                .env("LD_LIBRARY_PATH", library);
            go
        },
    },
    Language {
        name: "java",
        needs: &["java", "mvn"],
        prepare: |_| Vec::new(),
        test: |places| {
            within(
                Command::new("mvn"),
                &places.root.join("bindings/java"),
                &["--batch-mode", "--no-transfer-progress", "test"],
            )
        },
    },
];

impl Language {
    /// The programs that are not in PATH.
    pub(crate) fn lacks(&self) -> Vec<&'static str> {
        let mut needs = self.needs.to_vec();
        needs.retain(|program| !is_in_path(program));
        needs
    }

    /// Installs what the tests need and gives the command that runs them.
    pub(crate) fn ready(&self, places: &Places) -> Result<Command> {
        for mut command in (self.prepare)(places) {
            steps::run(&mut command)?;
        }
        Ok((self.test)(places))
    }
}

/// Puts the C library, its header and its pkg-config file into `dist/`.
pub(crate) fn publish_library(places: &Places, built: &Path) -> Result<()> {
    let source = places.root.join("bindings/c");
    let files = [
        (built.join("libtidegate_ffi.so"), "lib/libtidegate.so"),
        (built.join("libtidegate_ffi.a"), "lib/libtidegate.a"),
        (source.join("include/tidegate.h"), "include/tidegate.h"),
        (source.join("tidegate.pc"), "lib/pkgconfig/tidegate.pc"),
    ];
    for (from, to) in files {
        publish(&from, &places.dist.join(to))?;
    }
    Ok(())
}

/// Writes what native Rust answers to the golden vectors and to random events into `target/answers`.
pub(crate) fn answers(places: &Places, steps: &Steps, built: &Path) -> Result<()> {
    steps.say("writing the answers that every binding must give: target/answers/");
    let mut program = Command::new(built.join("examples/answers"));
    steps::run(program.arg(places.root.join("target/answers")))
}

fn venv_of(places: &Places) -> PathBuf {
    places.target.join("bindings/python")
}

fn python(places: &Places) -> Command {
    Command::new(venv_of(places).join("bin/python"))
}

fn within(mut command: Command, folder: &Path, arguments: &[&str]) -> Command {
    command.args(arguments).current_dir(folder);
    command
}

fn is_in_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| fs::metadata(folder.join(program)).is_ok_and(|file| file.is_file()))
}
