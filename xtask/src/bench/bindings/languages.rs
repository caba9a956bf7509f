//! The benchmarks of the languages: how each is made ready, and the command that prints its figures.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{
    bindings::{self, Venv, go, mvn},
    package::Package,
    places::Places,
    steps::{self, Steps},
    tool::{self, Tool},
};

/// A language, and its goals.
pub(super) struct Language {
    pub(super) name: &'static str,
    /// The most microseconds that a call shall take.
    pub(super) goal: f64,
    /// Programs that must be installed.
    pub(super) needs: &'static [Tool],
    /// Makes its benchmark ready and gives the command that prints the figures.
    pub(super) benchmark: fn(&Places, &Steps) -> Result<Command>,
}

/// The languages, in the order of the table.
pub(super) const LANGUAGES: [Language; 5] = [
    Language {
        name: "C",
        goal: 15.0,
        needs: &[tool::CC, tool::PKG_CONFIG],
        benchmark: c,
    },
    Language {
        name: "Go",
        goal: 15.0,
        needs: &[tool::GO, tool::CC, tool::PKG_CONFIG],
        benchmark: |places, _| {
            let mut bench = go(places, &["run", "./internal/bench"]);
            bench.current_dir(places.root.join("bindings/go"));
            Ok(bench)
        },
    },
    Language {
        name: "Java",
        goal: 25.0,
        needs: &[tool::JAVA, tool::MVN],
        benchmark: java,
    },
    Language {
        name: "Node",
        goal: 25.0,
        needs: &[tool::NODE, tool::NPM],
        benchmark: |places, _| {
            bindings::prepare(places, "node")?;
            let mut bench = Command::new("node");
            bench.args(["bench.js", "--json"]);
            bench.current_dir(places.root.join("bindings/node"));
            Ok(bench)
        },
    },
    Language {
        name: "Python",
        goal: 40.0,
        needs: &[tool::PYTHON],
        benchmark: |places, steps| {
            let wheel = Package::Wheel.build(places, steps)?;
            bindings::prepare(places, "python")?;
            let mut bench = Venv::of(places, "python").run("python", &["bench.py", "--json"]);
            bench.arg(places.policy()).arg("--package").arg(wheel);
            bench.current_dir(places.root.join("bindings/python"));
            Ok(bench)
        },
    },
];

fn c(places: &Places, _steps: &Steps) -> Result<Command> {
    let library = places.dist.join("lib");
    let flags = Command::new("pkg-config")
        .args(["--cflags", "--libs", "tidegate"])
        .env("PKG_CONFIG_PATH", library.join("pkgconfig"))
        .output()
        .context("pkg-config cannot be run")?;
    ensure!(flags.status.success(), "{}", String::from_utf8_lossy(&flags.stderr));
    let built = places.target.join("bindings/bench-c");
    let mut compile = Command::new("cc");
    compile
        .args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&built);
    compile.arg(places.root.join("bindings/c/bench/bench.c"));
    compile.args(String::from_utf8_lossy(&flags.stdout).split_whitespace());
    steps::run(&mut compile)?;
    let mut bench = Command::new(built);
    bench.arg(places.policy());
    bench.arg(places.target.join("bindings/cache"));
    bench.arg(places.library());
    bench.env("LD_LIBRARY_PATH", library);
    Ok(bench)
}

fn java(places: &Places, _steps: &Steps) -> Result<Command> {
    let folder = places.root.join("bindings/java");
    let mut build = mvn(&["--quiet", "package", "-DskipTests", "dependency:copy-dependencies"]);
    build.args(["-DincludeScope=runtime", "-DoutputDirectory=target/lib"]);
    steps::run(build.current_dir(&folder))?;
    let mut bench = Command::new("java");
    bench.arg(format!("-Djna.library.path={}", places.dist.join("lib").display()));
    bench.args(["-cp", "target/classes:target/test-classes:target/lib/*"]);
    bench.args(["dev.tidegate.Benchmark", "--json"]);
    bench.current_dir(folder);
    Ok(bench)
}
