//! The engine as a crate, and a fresh project of cargo that depends on nothing else of this repository.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{
    example::{Example, blocks},
    folders::{only_file, run_in, write},
    recipe::Recipe,
};
use crate::{
    places::Places,
    tool::{self, Tool},
};

/// What the example prints: it judges an event in which nearly everything is missing.
const PRINTS: &str = "Reject: required at \"/event_id\": event_id is required (and 3 more)\n";

/// An unoptimised cranelift is far too slow to compile a policy with.
const MANIFEST: &str = r#"[package]
name = "example"
version = "0.0.0"
edition = "2024"

[dependencies]
tidegate-engine = { path = "tidegate-engine" }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[profile.dev.package."*"]
opt-level = 1
debug = false

[workspace]
"#;

pub(super) struct Engine;

impl Recipe for Engine {
    fn needs(&self) -> &'static [Tool] {
        &[tool::CARGO, tool::TAR]
    }

    /// That of the crate's documentation, with a `main`.
    fn example(&self, places: &Places) -> Result<Example> {
        let source = fs::read_to_string(places.root.join("engine/src/lib.rs")).context("engine/src/lib.rs")?;
        let lines = source.lines().filter_map(|line| line.strip_prefix("//!"));
        let lines: Vec<_> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let page = lines.join("\n");
        let (code, _) = blocks(&page, "no_run")
            .next()
            .context("engine/src/lib.rs shows no example")?;
        // A `#` hides a line from readers.
        let lines = code.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
        let shown: Vec<_> = lines.collect();
        let main = "#[tokio::main]\nasync fn main() {\n    example().await.expect(\"it works\");\n}\n";
        Ok(Example {
            code: format!("{main}\n{}\n", shown.join("\n")),
            prints: PRINTS.to_owned(),
        })
    }

    fn build(&self, places: &Places, folder: &Path) -> Result<PathBuf> {
        let mut cargo = places.cargo(["package", "--package=tidegate-engine", "--allow-dirty", "--no-verify"]);
        run_in(&places.root, cargo.arg("--target-dir").arg(folder))?;
        only_file(&folder.join("package"), ".crate")
    }

    fn install(&self, places: &Places, package: &Path, folder: &Path, example: &Example) -> Result<Command> {
        let unpacked = folder.join("tidegate-engine");
        fs::create_dir(&unpacked)?;
        let mut tar = Command::new("tar");
        tar.args(["--extract", "--gzip", "--strip-components=1", "--file"]);
        run_in(&unpacked, tar.arg(package))?;
        write(&folder.join("Cargo.toml"), MANIFEST)?;
        write(&folder.join("src/main.rs"), &example.code)?;
        // The versions that the tests know.
        fs::copy(places.root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        // What it depends on is compiled once, not each time.
        let target = places.target.join("packages/crate/target");
        let mut build = places.cargo(["build"]);
        run_in(folder, build.arg("--target-dir").arg(&target))?;
        Ok(Command::new(target.join("debug/example")))
    }
}
