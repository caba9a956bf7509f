//! The files that several commands need, and where they are found.

use std::{
    fs::{File, Metadata},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;
use tidegate_engine::{Engine, Isolation, Limits, Options, Policy};
use tidegate_gate::config;
use tidegate_model::dead_letter::{BadTemplate, Template};
use tidegate_policies::source::{Source, SourceLoader};
use tidegate_sqlite::Db;

use super::{mistake, notice, progress};

/// Which policy to use.
#[derive(Debug, Args)]
pub(super) struct PolicyFile {
    /// The policy, a file, a bundle or a folder [default: ./policy.wasm, then policy.wasm beside the executable]
    #[arg(long = "policy", value_name = "PATH", env = config::TIDEGATE_POLICY)]
    pub(super) path: Option<PathBuf>,
}

impl PolicyFile {
    /// The file: of the command line, of the configuration, or the default.
    pub(super) fn find(&self, configured: Option<&Path>) -> anyhow::Result<PathBuf> {
        if let Some(path) = self.path.as_deref().or(configured) {
            return Ok(path.to_owned());
        }
        let beside = std::env::current_exe()
            .ok()
            .and_then(|exe| Some(exe.parent()?.join("policy.wasm")));
        let places: Vec<_> = [Some(PathBuf::from("policy.wasm")), beside]
            .into_iter()
            .flatten()
            .collect();
        match places.iter().find(|place| place.is_file()) {
            Some(found) => Ok(found.clone()),
            None => bail!(
                "no policy found: there is no {}; name one with --policy PATH",
                places
                    .iter()
                    .map(|place| place.display().to_string())
                    .collect::<Vec<_>>()
                    .join(" and no ")
            ),
        }
    }
}

/// The data file of the `sqlite` backend.
#[derive(Debug, Args)]
pub(super) struct DataFile {
    /// The data file of the sqlite backend.
    #[arg(long = "data", value_name = "FILE", default_value = "tidegate.db", env = config::TIDEGATE_DATA)]
    path: PathBuf,
}

impl DataFile {
    /// Opens the file, or creates it.
    pub(super) fn open(&self) -> anyhow::Result<Db> {
        Ok(Db::open(&self.path)?)
    }

    /// Opens the file, which must exist.
    pub(super) fn open_existing(&self) -> anyhow::Result<Db> {
        let bytes = self
            .path
            .metadata()
            .ok()
            .filter(Metadata::is_file)
            .map_or(0, |file| file.len());
        if bytes == 0 {
            bail!(
                "there is no data file {}; name it with --data FILE",
                self.path.display()
            );
        }
        self.open()
    }
}

/// Opens a file, or standard input when it is `-`.
pub(super) fn open_input(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

/// An engine for a command, with the default limits and the user's cache.
pub(super) fn engine(isolation: Isolation, concurrency: u32) -> anyhow::Result<Engine> {
    let engine = Engine::new(Options {
        limits: Limits::default(),
        isolation,
        max_concurrent_calls: concurrency,
        cache_dir: config::default_cache_dir(),
    })?;
    if let Some(error) = engine.cache_error() {
        notice::print(format_args!("warning: {error}: {}", error.source));
    }
    Ok(engine)
}

/// Reads a policy: a component, a bundle or a folder.
pub(super) fn policy_source(path: &Path) -> anyhow::Result<Source> {
    if path.is_dir() {
        return Ok(Source::of_folder(path)?);
    }
    let bytes = std::fs::read(path);
    let bytes = bytes.with_context(|| format!("the policy {} cannot be read", path.display()))?;
    let is_of_folder = path
        .extension()
        .is_some_and(|extension| matches!(extension.to_str(), Some("yaml" | "yml" | "json")));
    let source = Source::of_file(bytes);
    match source {
        Ok(source) if is_of_folder && source.bundle().is_none() => {
            bail!("{} is no policy; of plain files, name the folder", path.display())
        }
        Ok(source) => Ok(source),
        Err(error) => Err(error).with_context(|| {
            format!("{} is no policy in one file, such as `tidegate build DIR -o policy.json` makes; of plain files, name the folder", path.display())
        }),
    }
}

/// Whether a gate could build the dead letters of a policy.
pub(super) fn check_template(policy: &Policy) -> Result<(), BadTemplate> {
    Template::of(policy.catalog().dead_letters.template.as_deref()).map(drop)
}

/// Loads a policy for a command, from its file or from a folder.
pub(super) async fn load_policy(path: &Path, isolation: Isolation, concurrency: u32) -> anyhow::Result<Policy> {
    let engine = engine(isolation, concurrency)?;
    let spinner = progress::spinner("{spinner} loading the policy (compiled the first time) {elapsed}");
    let loaded = async {
        let source = policy_source(path)?;
        let policy = SourceLoader::new(engine).load(&source).await;
        let policy = policy.with_context(|| format!("the policy {} cannot be loaded", path.display()))?;
        if policy.load_report().other_build {
            notice::print(format_args!(
                "{} was built by another tidegate, and is compiled like foreign code; build it again with this one: tidegate build DIR -o {0}",
                path.display()
            ));
        }
        check_template(&policy).with_context(|| format!("no gate would take the policy {}", path.display()))?;
        anyhow::Ok(policy)
    };
    let policy = loaded.await.map_err(|error| mistake::placed(path, error));
    spinner.finish_and_clear();
    policy
}
