//! The jar. It is tried with nothing but itself, what its pom asks for, and the C library.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{
    example::Example,
    folders::{files, only_file, run_in, write},
    recipe::Recipe,
};
use crate::{
    bindings::mvn,
    places::Places,
    tool::{self, Tool},
};

pub(super) struct Jar;

impl Recipe for Jar {
    fn needs(&self) -> &'static [Tool] {
        &[tool::JAVA, tool::MVN]
    }

    fn example(&self, places: &Places) -> Result<Example> {
        let page = places.root.join("bindings/java/README.md");
        let page = fs::read_to_string(page).context("bindings/java/README.md")?;
        Example::find(&page, "java", "class Program").context("bindings/java/README.md")
    }

    fn build(&self, places: &Places, _folder: &Path) -> Result<PathBuf> {
        let source = places.root.join("bindings/java");
        let built = source.join("target");
        // A jar of another version would be taken for this one.
        for old in files(&built, ".jar")? {
            fs::remove_file(&old).with_context(|| old.display().to_string())?;
        }
        run_in(&source, &mut mvn(&["--quiet", "package", "-DskipTests"]))?;
        only_file(&built, ".jar")
    }

    fn install(&self, places: &Places, package: &Path, folder: &Path, example: &Example) -> Result<Command> {
        let mut needs = mvn(&["--quiet", "dependency:copy-dependencies", "-DincludeScope=runtime"]);
        needs
            .arg(format!("-DoutputDirectory={}", folder.join("lib").display()))
            .arg("--file")
            .arg(places.root.join("bindings/java/pom.xml"));
        run_in(folder, &mut needs)?;
        write(&folder.join("Program.java"), &example.code)?;
        let mut java = Command::new("java");
        java.arg(format!("-Djna.library.path={}", places.dist.join("lib").display()));
        java.arg("-cp").arg(format!("{}:lib/*", package.display()));
        java.arg("Program.java");
        Ok(java)
    }
}
