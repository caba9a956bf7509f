//! The programs behind the services: found in PATH, or built once into `target/services` from the recipes in `tests/services`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{kafka_java::Installation, stamp::Stamp, step};

/// The packages of `tests/services/go.mod` that are built, and what daprd needs to be told (it panics at start without the tag).
const GO_PACKAGES: &str = "github.com/dapr/dapr/cmd";
const GO_BUILD: [&str; 7] = [
    "build",
    "-mod=readonly",
    "-trimpath",
    "-tags=stablecomponents",
    "-ldflags=-s -w",
    "-v",
    "-o",
];
const MAVEN: [&str; 3] = ["-B", "-ntp", "dependency:copy-dependencies"];

/// Where the programs of the services are.
#[derive(Debug, Clone)]
pub struct Services {
    /// Dapr's sidecar.
    pub daprd: PathBuf,
    /// Dapr's scheduler, which keeps jobs.
    pub scheduler: PathBuf,
    /// `redis-server`, where it is installed.
    pub redis: Option<PathBuf>,
    /// Kafka, and the Java runtime that it needs.
    pub(crate) kafka: Installation,
}

/// Whether the services can run on this machine.
#[derive(Debug)]
pub enum Availability {
    /// They can.
    Ready(Box<Services>),
    /// They cannot, for this reason: tests are to be reported as skipped.
    Unavailable(String),
}

impl Services {
    /// Finds the services, and builds those that are missing or out of date. `progress` is called for everything that takes more than
    /// a moment.
    ///
    /// A tool missing from PATH makes them unavailable; where the variable `CI` is `true` it is an error.
    pub fn ensure(progress: &mut dyn FnMut(&str)) -> Result<Availability> {
        let required = std::env::var_os("CI").is_some_and(|value| value == "true");
        let missing: Vec<_> = ["go", "java", "mvn"]
            .into_iter()
            .filter(|tool| in_path(tool).is_none())
            .collect();
        if !missing.is_empty() {
            let reason = format!("not in PATH: {}", missing.join(", "));
            if required {
                bail!("{reason} (required because CI is true)");
            }
            return Ok(Availability::Unavailable(reason));
        }
        let services = Self::locate();
        if required && services.redis.is_none() {
            bail!("redis-server is not in PATH (required because CI is true)");
        }
        services.build(progress)?;
        Ok(Availability::Ready(Box::new(services)))
    }

    fn locate() -> Self {
        let root = repository().join("target/services");
        Self {
            daprd: root.join("bin/daprd"),
            scheduler: root.join("bin/scheduler"),
            redis: in_path("redis-server"),
            kafka: Installation {
                java: in_path("java").unwrap_or_else(|| "java".into()),
                lib: root.join("kafka/lib"),
                formatted: root.join("kafka/formatted"),
            },
        }
    }

    fn build(&self, progress: &mut dyn FnMut(&str)) -> Result<()> {
        let root = repository().join("target/services");
        std::fs::create_dir_all(root.join("bin"))?;
        std::fs::create_dir_all(root.join("kafka"))?;
        // Test programs that run at the same time build once.
        let lock = std::fs::File::create(root.join("lock"))?;
        if lock.try_lock().is_err() {
            progress("waiting for another build of the services");
            lock.lock()?;
        }
        Self::build_go("daprd", &self.daprd, progress)?;
        Self::build_go("scheduler", &self.scheduler, progress)?;
        self.fetch_kafka(progress)
    }

    fn build_go(name: &str, binary: &Path, progress: &mut dyn FnMut(&str)) -> Result<()> {
        let sources = recipes();
        let stamp = Stamp::of(binary, &GO_BUILD, &[sources.join("go.mod"), sources.join("go.sum")])?;
        if stamp.is_current() && binary.is_file() {
            return Ok(());
        }
        stamp.clear();
        let mut go = std::process::Command::new("go");
        go.args(GO_BUILD)
            .arg(binary)
            .arg(format!("{GO_PACKAGES}/{name}"))
            .current_dir(&sources);
        step::run(
            &format!("building {name} (a few minutes the first time)"),
            &mut go,
            progress,
        )?;
        stamp.set()
    }

    fn fetch_kafka(&self, progress: &mut dyn FnMut(&str)) -> Result<()> {
        let sources = recipes();
        let stamp = Stamp::of(&self.kafka.lib, &MAVEN, &[sources.join("pom.xml")])?;
        if stamp.is_current() && self.kafka.lib.is_dir() && self.kafka.formatted.is_dir() {
            return Ok(());
        }
        stamp.clear();
        for old in [&self.kafka.lib, &self.kafka.formatted] {
            if old.exists() {
                std::fs::remove_dir_all(old).with_context(|| old.display().to_string())?;
            }
        }
        let mut maven = std::process::Command::new("mvn");
        maven
            .args(MAVEN)
            .arg(format!("-DoutputDirectory={}", self.kafka.lib.display()))
            .current_dir(&sources);
        step::run("fetching Kafka", &mut maven, progress)?;
        self.kafka.format(progress)?;
        stamp.set()
    }
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

fn recipes() -> PathBuf {
    repository().join("tests/services")
}

fn in_path(tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(tool))
        .find(|file| file.is_file())
}
