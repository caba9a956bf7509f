//! Other languages: the C library in `dist/`, the answers that all bindings must give, and the bindings and policies of each
//! language, built and tested by its own tools.

mod runners;
mod tools;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use self::runners::{gotestsum, node_tests, pytest};
pub(crate) use self::tools::{Venv, go, mvn, npm};
use crate::{
    places::{Places, publish},
    steps::{self, Steps},
    tool::{self, Tool},
};

/// Something in another language, with tests of its own.
#[derive(Debug)]
pub(crate) struct Language {
    /// What its stage is called.
    pub(crate) name: &'static str,
    /// Its folder.
    folder: &'static str,
    /// Programs that must be installed.
    needs: &'static [Tool],
    /// Commands that make ready.
    prepare: fn(&Places, &Path) -> Vec<Command>,
    /// The command that tests. Its runner reports in `JUnit`'s format into the folder that is given.
    test: fn(&Places, &Path) -> Command,
    /// The folder below its own in which the runner reports, where it does not ask.
    reports: Option<&'static str>,
}

/// The bindings, in the order in which they are tested. C's own tests are among those of cargo.
pub(crate) const BINDINGS: [Language; 4] = [
    Language {
        name: "python",
        folder: "bindings/python",
        needs: &[tool::PYTHON],
        prepare: |places, folder| {
            let venv = Venv::of(places, "python");
            let requirements = folder.join("requirements-dev.txt");
            vec![
                venv.create(),
                venv.pip(&["--requirement".as_ref(), requirements.as_ref()]),
                venv.pip(&["--no-deps".as_ref(), "--force-reinstall".as_ref(), folder.as_ref()]),
            ]
        },
        test: |places, reports| pytest(&Venv::of(places, "python"), reports),
        reports: None,
    },
    Language {
        name: "node",
        folder: "bindings/node",
        needs: &[tool::NODE, tool::NPM],
        prepare: |_, _| vec![npm(&["ci", "--no-audit", "--no-fund"]), npm(&["run", "build"])],
        test: |_, reports| node_tests(reports),
        reports: None,
    },
    Language {
        name: "go",
        folder: "bindings/go",
        needs: &[tool::GO, tool::CC, tool::PKG_CONFIG],
        prepare: |places, _| vec![gotestsum::build(places)],
        test: |places, reports| gotestsum::run(places, reports, &["-race", "-count=1", "./..."]),
        reports: None,
    },
    Language {
        name: "java",
        folder: "bindings/java",
        needs: &[tool::JAVA, tool::MVN],
        prepare: |_, _| Vec::new(),
        test: |_, _| mvn(&["test"]),
        reports: Some("target/surefire-reports"),
    },
];

/// Policies that are not in Rust. Making ready builds their components into `dist/`.
pub(crate) const POLICIES: [Language; 2] = [
    Language {
        name: "policy-py",
        folder: "examples/policy-python",
        needs: &[tool::PYTHON],
        prepare: |places, folder| {
            let venv = Venv::of(places, "policy-python");
            let requirements = folder.join("requirements.txt");
            let componentize = |arguments: &[&str]| {
                venv.run(
                    "componentize-py",
                    &[&["-q", "-d", "../../wit", "-w", "policy"], arguments].concat(),
                )
            };
            let built = places.dist.join("policy-python.wasm");
            let built = built.to_string_lossy();
            // componentize-py does not write over what it wrote before.
            let _ = fs::remove_dir_all(folder.join("bindings"));
            vec![
                venv.create(),
                venv.pip(&["--requirement".as_ref(), requirements.as_ref()]),
                componentize(&["componentize", "--stub-wasi", "-p", ".", "app", "-o", &built]),
                componentize(&["bindings", "bindings"]),
            ]
        },
        test: |places, reports| pytest(&Venv::of(places, "policy-python"), reports),
        reports: None,
    },
    Language {
        name: "policy-ts",
        folder: "examples/policy-typescript",
        needs: &[tool::NODE, tool::NPM],
        prepare: |places, _| {
            let built = places.dist.join("policy-typescript.wasm");
            let built = built.to_string_lossy();
            vec![
                npm(&["ci", "--no-audit", "--no-fund"]),
                npm(&["run", "build", "--", "--out", &built]),
            ]
        },
        test: |_, reports| node_tests(reports),
        reports: None,
    },
];

impl Language {
    /// Why its programs will not do; `None`: they do.
    pub(crate) fn lacks(&self) -> Option<String> {
        tool::lacking(self.needs)
    }

    /// Installs and builds what the tests need; gives the command that runs them and the folder of its reports.
    pub(crate) fn ready(&self, places: &Places, steps: &Steps) -> Result<(Command, PathBuf)> {
        steps.say(format!("running the tests of {}", self.folder));
        self.prepare(places)?;
        let folder = places.root.join(self.folder);
        let reports = match self.reports {
            Some(own) => folder.join(own),
            None => places.reports(self.name),
        };
        let mut test = (self.test)(places, &reports);
        test.current_dir(folder);
        Ok((test, reports))
    }

    /// Installs and builds what its programs need.
    pub(crate) fn prepare(&self, places: &Places) -> Result<()> {
        let folder = places.root.join(self.folder);
        for mut command in (self.prepare)(places, &folder) {
            steps::run(command.current_dir(&folder))?;
        }
        Ok(())
    }
}

/// Installs and builds what the programs of a binding need.
pub(crate) fn prepare(places: &Places, name: &str) -> Result<()> {
    let binding = BINDINGS.iter().find(|binding| binding.name == name);
    binding
        .with_context(|| format!("there is no binding {name}"))?
        .prepare(places)
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
