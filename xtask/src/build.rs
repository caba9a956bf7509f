//! `cargo xtask build`: the policy, the example of another one, and the gate, finished, in `dist/`.

use std::{
    ffi::OsStr,
    fs, io,
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, ensure};

use crate::{
    bindings,
    places::{Places, publish, typed},
    steps::{self, Steps},
};

/// The target that a policy is compiled for.
const WASM: &str = "wasm32-wasip2";

/// Arguments of `build`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// Build the gate as it is released: slower to build, smaller and faster
    #[arg(long)]
    release: bool,
}

/// How the gate is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build: dependencies optimised, the gate itself a little.
    Dev,
    /// As it is released.
    Release,
}

impl Profile {
    /// Where in the target directory cargo puts what it builds.
    fn directory(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// Builds everything and prints where it is.
pub(crate) fn run(places: &Places, steps: &Steps, arguments: &Arguments) -> Result<ExitCode> {
    let profile = if arguments.release {
        Profile::Release
    } else {
        Profile::Dev
    };
    all(places, steps, profile)?;
    for_tests(places, steps, profile)?;
    for file in [places.policy(), places.next_policy(), places.gate(), places.library()] {
        let size = fs::metadata(&file).context("what was built is gone")?.len();
        println!("{:>6} KiB  {}", size.div_ceil(1024), typed(&file));
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the policy, another one, the gate and the C library.
pub(crate) fn all(places: &Places, steps: &Steps, profile: Profile) -> Result<()> {
    policy_and_gate(places, steps, profile)?;
    component(places, steps, "next-policy", &places.next_policy())?;
    library(places, steps, profile)
}

/// Builds the policy, and the gate with the prebuilt one inside.
pub(crate) fn policy_and_gate(places: &Places, steps: &Steps, profile: Profile) -> Result<()> {
    component(places, steps, "tidegate-policy", &places.policy())?;
    component(places, steps, "tidegate-prebuilt", &places.prebuilt())?;
    code(places, steps, profile)?;
    gate(places, steps, profile)
}

/// Compiles the prebuilt policy to the code that the gate carries, unless that is done.
fn code(places: &Places, steps: &Steps, profile: Profile) -> Result<()> {
    steps.say("compiling the prebuilt policy: dist/prebuilt.code");
    steps::run(&mut workspace(places, profile, &["--example=precompile"]))?;
    let program = places.target.join(profile.directory()).join("examples/precompile");
    let made = places.prebuilt().with_extension("code");
    let is_older =
        |other: &Path| Ok::<_, io::Error>(fs::metadata(&made)?.modified()? < fs::metadata(other)?.modified()?);
    if is_older(&program).unwrap_or(true) || is_older(&places.prebuilt()).unwrap_or(true) {
        let new = places.target.join("prebuilt.code");
        steps::run(Command::new(program).arg(places.prebuilt()).arg(&new))?;
        publish(&new, &made)?;
    }
    Ok(())
}

/// Builds a policy from a package of the workspace.
fn component(places: &Places, steps: &Steps, package: &str, place: &Path) -> Result<()> {
    have_target(places, steps)?;
    let name = place.file_name().unwrap_or_default().display();
    steps.say(format!("building a policy: dist/{name}"));
    let mut cargo = places.cargo(["rustc", "--lib", "--crate-type=cdylib", "--profile=guest"]);
    steps::run(cargo.args(["--target", WASM, "--package", package]))?;
    let built = format!("{WASM}/guest/{}.wasm", package.replace('-', "_"));
    publish(&places.target.join(built), place)
}

/// Makes what only tests need: policies, and the answers that bindings must give.
pub(crate) fn for_tests(places: &Places, steps: &Steps, profile: Profile) -> Result<()> {
    guests(places, steps)?;
    steps.say("building the policy of its files: dist/built-policy.wasm");
    let schemas = places.root.join("schemas");
    let mut build = Command::new(places.gate());
    steps::run(build.arg("build").arg(schemas).arg("-o").arg(places.built_policy()))?;
    steps::run(&mut workspace(places, profile, &["--example=answers"]))?;
    bindings::answers(places, steps, &places.target.join(profile.directory()))
}

/// Builds the policies for tests, one for each file of `tests/guests/`, into `dist/guests/`.
fn guests(places: &Places, steps: &Steps) -> Result<()> {
    have_target(places, steps)?;
    steps.say("building the policies for tests: dist/guests/");
    let arguments = [
        "build",
        "--package=tidegate-guests",
        "--features=components",
        "--examples",
        "--target",
        WASM,
        "--profile=guest",
    ];
    steps::run(&mut places.cargo(arguments))?;
    let built = places.target.join(WASM).join("guest/examples");
    for entry in fs::read_dir(places.root.join("tests/guests")).context("tests/guests")? {
        let source = entry.context("tests/guests")?.path();
        if source.extension().is_some_and(|extension| extension == "rs") {
            let name = source.file_stem().and_then(OsStr::to_str).context("a name in UTF-8")?;
            let file = built.join(name.replace('-', "_")).with_extension("wasm");
            publish(&file, &places.dist.join("guests").join(name).with_extension("wasm"))?;
        }
    }
    Ok(())
}

/// Builds `dist/tidegate`.
fn gate(places: &Places, steps: &Steps, profile: Profile) -> Result<()> {
    steps.say("building the gate: dist/tidegate (minutes the first time, seconds later)");
    steps::run(&mut workspace(places, profile, &["--bin=tidegate"]))?;
    let gate = places.gate();
    let name = gate.file_name().context("the gate's file has a name")?;
    publish(&places.target.join(profile.directory()).join(name), &gate)
}

/// Builds the C library in `dist/lib`.
pub(crate) fn library(places: &Places, steps: &Steps, profile: Profile) -> Result<()> {
    steps.say("building the C library: dist/lib");
    steps::run(&mut workspace(places, profile, &["--lib"]))?;
    bindings::publish_library(places, &places.target.join(profile.directory()))
}

/// A build of some targets of the whole workspace. Cargo chooses the features of what crates share by what is built with them: the
/// workspace and a (small) test make it choose as `cargo test --workspace` does. Else wasmtime would be compiled once for each.
fn workspace(places: &Places, profile: Profile, targets: &[&str]) -> Command {
    let name = match profile {
        Profile::Dev => "dev",
        Profile::Release => "release",
    };
    let mut cargo = places.cargo(["build", "--workspace", "--test=tidy", "--profile", name]);
    cargo.args(targets);
    cargo
}

/// Makes sure that rustc can compile for WebAssembly.
fn have_target(places: &Places, steps: &Steps) -> Result<()> {
    if target_is_installed(places)? {
        return Ok(());
    }
    steps.say(format!("adding Rust's target {WASM}"));
    let added = Command::new("rustup")
        .args(["target", "add", WASM])
        .current_dir(&places.root)
        .status();
    ensure!(
        added.is_ok_and(|status| status.success()) && target_is_installed(places)?,
        "the policy is compiled to WebAssembly, and Rust's target for it is missing; add it with\n\n    rustup target add {WASM}\n"
    );
    Ok(())
}

fn target_is_installed(places: &Places) -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print=target-libdir", "--target", WASM])
        .current_dir(&places.root)
        .output()
        .context("rustc cannot be run")?;
    Ok(Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}
