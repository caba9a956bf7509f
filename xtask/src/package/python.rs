//! The wheel, built and installed by pip in an environment of its own.

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
    bindings::Venv,
    places::Places,
    tool::{self, Tool},
};

pub(super) struct Wheel;

impl Recipe for Wheel {
    fn needs(&self) -> &'static [Tool] {
        &[tool::PYTHON]
    }

    /// That of the repository's own README.
    fn example(&self, places: &Places) -> Result<Example> {
        let page = fs::read_to_string(places.root.join("README.md")).context("README.md")?;
        Example::find(&page, "python", "from tidegate import").context("README.md")
    }

    fn build(&self, places: &Places, folder: &Path) -> Result<PathBuf> {
        let venv = Venv::at(folder.join("venv"));
        run_in(folder, &mut venv.create())?;
        let mut wheel = venv.run("pip", &["wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        run_in(folder, wheel.arg(places.root.join("bindings/python")))?;
        only_file(folder, ".whl")
    }

    fn install(&self, _places: &Places, package: &Path, folder: &Path, example: &Example) -> Result<Command> {
        let venv = Venv::at(folder.join("venv"));
        run_in(folder, &mut venv.create())?;
        run_in(folder, &mut venv.pip(&[package.as_os_str()]))?;
        write(&folder.join("example.py"), &example.code)?;
        Ok(venv.run("python", &["example.py"]))
    }
}
