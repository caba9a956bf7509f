//! The test runners of other languages, set to report in `JUnit`'s format into a folder.

use std::{env, path::Path, process::Command};

use super::tools::{Venv, npm};

/// pytest of a virtual environment.
pub(super) fn pytest(venv: &Venv, reports: &Path) -> Command {
    let mut pytest = venv.run("pytest", &[]);
    pytest.arg("--junitxml").arg(reports.join("pytest.xml"));
    pytest
}

/// `npm test`, which runs `node --test` with options of its own: more of them come by the variable.
pub(super) fn node_tests(reports: &Path) -> Command {
    let report = reports.join("node.xml").display().to_string();
    let report = report.replace('\\', r"\\").replace('"', "\\\"");
    let more = [
        env::var("NODE_OPTIONS").unwrap_or_default(),
        "--test-reporter=spec --test-reporter-destination=stdout".to_owned(),
        format!("--test-reporter=junit --test-reporter-destination=\"{report}\""),
    ];
    let mut npm = npm(&["test"]);
    npm.env("NODE_OPTIONS", more.join(" "));
    npm
}

/// `go test` by gotestsum, which `xtask/tools/go.mod` pins.
pub(super) mod gotestsum {
    use std::{
        path::{Path, PathBuf},
        process::Command,
    };

    use crate::{bindings::tools::go_env, places::Places};

    /// Builds it.
    pub(crate) fn build(places: &Places) -> Command {
        let mut go = Command::new("go");
        go.arg("-C").arg(places.root.join("xtask/tools"));
        go.arg("build")
            .arg("-o")
            .arg(program(places))
            .arg("gotest.tools/gotestsum");
        go
    }

    /// Tests, with arguments of `go test`.
    pub(crate) fn run(places: &Places, reports: &Path, arguments: &[&str]) -> Command {
        let mut gotestsum = Command::new(program(places));
        gotestsum.args(["--format=testname", "--junitfile"]);
        gotestsum.arg(reports.join("go.xml")).arg("--").args(arguments);
        go_env(places, &mut gotestsum);
        gotestsum
    }

    fn program(places: &Places) -> PathBuf {
        places.target.join("tools/gotestsum")
    }
}
