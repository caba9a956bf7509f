//! What is the same of all packages: how one is made and tried.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use super::example::Example;
use crate::{places::Places, tool::Tool};

/// How a package is made and tried.
pub(super) trait Recipe {
    /// Programs that must be installed.
    fn needs(&self) -> &'static [Tool];

    /// The example of its README.
    fn example(&self, places: &Places) -> Result<Example>;

    /// Builds it in a folder of its own, which is empty.
    fn build(&self, places: &Places, folder: &Path) -> Result<PathBuf>;

    /// Installs it into an empty folder and gives the command that runs the example there.
    fn install(&self, places: &Places, package: &Path, folder: &Path, example: &Example) -> Result<Command>;
}
