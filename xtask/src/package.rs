//! `cargo xtask package`: what programs in other languages install, built into `dist/packages`; each is then installed into an
//! empty environment, where the example of its README must print what the README shows.

mod crates;
mod example;
mod folders;
mod java;
mod node;
mod python;
mod recipe;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

use self::{folders::emptied, recipe::Recipe};
use crate::{
    build::{self, Profile},
    places::{Places, publish, typed},
    steps::Steps,
    tool,
};

/// Arguments of `package`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Each package is built into dist/packages and installed into an empty environment in target/packages.
There the example of its README must print what the README shows. What needs a tool that is not
there, or too old, is left out, with the reason. The crate compiles wasmtime anew the first time.

Examples:
  cargo xtask package                 all of them
  cargo xtask package wheel jar       these two")]
pub(crate) struct Arguments {
    /// The packages; all of them when none is named
    #[arg(value_enum)]
    packages: Vec<Package>,
}

/// A package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Package {
    /// For Python, by pip
    Wheel,
    /// For Node, browsers and bundlers, by npm
    Npm,
    /// For Java, by Maven
    Jar,
    /// The engine for Rust, by cargo
    Crate,
}

/// What became of a package.
pub(crate) enum Outcome {
    /// It is this file, and works.
    Works(PathBuf),
    Broken(anyhow::Error),
    /// Programs that are needed are not installed, or too old.
    LeftOut(String),
}

/// Builds and tries them, and prints where they are.
pub(crate) fn run(places: &Places, steps: &Steps, arguments: &Arguments) -> Result<ExitCode> {
    build::policy_and_gate(places, steps, Profile::Dev)?;
    build::library(places, steps, Profile::Dev)?;
    let packages = match &arguments.packages[..] {
        [] => Package::value_variants(),
        some => some,
    };
    let mut all_work = true;
    let outcomes: Vec<_> = packages.iter().map(|package| package.check(places, steps)).collect();
    for (package, outcome) in packages.iter().zip(outcomes) {
        let name = package.name();
        match outcome {
            Outcome::Works(file) => {
                let size = fs::metadata(&file).context("what was built is gone")?.len();
                println!("{:>6} KiB  {}", size.div_ceil(1024), typed(&file));
            }
            Outcome::LeftOut(reason) => println!("left out    {name}: {reason}"),
            Outcome::Broken(error) => {
                all_work = false;
                println!("broken      {name}: {error:#}");
            }
        }
    }
    Ok(if all_work { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Package {
    /// Those that are built and tried in a minute: all but the crate, which compiles wasmtime anew.
    pub(crate) const QUICK: [Self; 3] = [Self::Wheel, Self::Npm, Self::Jar];

    fn name(self) -> &'static str {
        match self {
            Self::Wheel => "wheel",
            Self::Npm => "npm",
            Self::Jar => "jar",
            Self::Crate => "crate",
        }
    }

    fn recipe(self) -> &'static dyn Recipe {
        match self {
            Self::Wheel => &python::Wheel,
            Self::Npm => &node::Tarball,
            Self::Jar => &java::Jar,
            Self::Crate => &crates::Engine,
        }
    }

    /// Builds it into `dist/packages` and tries it. The policy and the C library are in `dist` by now.
    pub(crate) fn check(self, places: &Places, steps: &Steps) -> Outcome {
        if let Some(lacking) = tool::lacking(self.recipe().needs()) {
            return Outcome::LeftOut(lacking);
        }
        self.build(places, steps)
            .and_then(|file| self.tried(places, steps, &file).map(|()| file))
            .map_or_else(Outcome::Broken, Outcome::Works)
    }

    /// Builds it into `dist/packages`.
    pub(crate) fn build(self, places: &Places, steps: &Steps) -> Result<PathBuf> {
        let name = self.name();
        steps.say(format!("building a package: {name}"));
        let built = self.recipe().build(places, &emptied(places, name, "built")?)?;
        let file = built.file_name().context("a package has a name")?;
        let package = places.dist.join("packages").join(file);
        publish(&built, &package)?;
        Ok(package)
    }

    /// Installs it into an empty environment and runs its example there.
    fn tried(self, places: &Places, steps: &Steps, package: &Path) -> Result<()> {
        let (name, recipe) = (self.name(), self.recipe());
        steps.say(format!("installing it into an empty environment: {name}"));
        let folder = emptied(places, name, "installed")?;
        // Where the examples look for it.
        for policy in ["policy.wasm", "dist/policy.wasm"] {
            publish(&places.policy(), &folder.join(policy))?;
        }
        let example = recipe.example(places)?;
        let mut command = recipe.install(places, package, &folder, &example)?;
        steps.say(format!("running the example of its README: {name}"));
        let output = command.current_dir(&folder).output().context("the example")?;
        let printed = String::from_utf8_lossy(&output.stdout);
        print!("{printed}");
        if !output.status.success() {
            bail!("its example failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        ensure!(
            printed == example.prints,
            "its example did not print what its README shows:\n{}",
            example.prints
        );
        Ok(())
    }
}
