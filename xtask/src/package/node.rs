//! The tarball for npm.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{
    example::Example,
    folders::{only_file, run_in, write},
    recipe::Recipe,
};
use crate::{
    bindings::npm,
    places::Places,
    tool::{self, Tool},
};

pub(super) struct Tarball;

impl Recipe for Tarball {
    fn needs(&self) -> &'static [Tool] {
        &[tool::NODE, tool::NPM]
    }

    fn example(&self, places: &Places) -> Result<Example> {
        let page = places.root.join("bindings/node/README.md");
        let page = fs::read_to_string(page).context("bindings/node/README.md")?;
        Example::find(&page, "js", "// check.js").context("bindings/node/README.md")
    }

    fn build(&self, places: &Places, folder: &Path) -> Result<PathBuf> {
        let source = places.root.join("bindings/node");
        // The compiler of the package's own lock file; the tests may have brought it.
        if !source.join("node_modules").is_dir() {
            run_in(&source, &mut npm(&["ci", "--no-audit", "--no-fund"]))?;
        }
        let mut pack = npm(&["pack", "--silent", "--pack-destination"]);
        run_in(&source, pack.arg(folder))?;
        only_file(folder, ".tgz")
    }

    fn install(&self, _places: &Places, package: &Path, folder: &Path, example: &Example) -> Result<Command> {
        write(&folder.join("package.json"), "{\"private\":true,\"type\":\"module\"}\n")?;
        run_in(
            folder,
            npm(&["install", "--silent", "--no-audit", "--no-fund"]).arg(package),
        )?;
        write(&folder.join("check.js"), &example.code)?;
        let mut node = Command::new("node");
        node.arg("check.js");
        Ok(node)
    }
}
