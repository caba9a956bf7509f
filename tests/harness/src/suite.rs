//! Runs the tests of one program on services they share: started by the first test that runs, stopped after the last.
//!
//! `libtest-mimic` runs them in place of the standard test runner (`harness = false` in `Cargo.toml`), which has no "after the last".

mod report;

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use libtest_mimic::{Arguments, Completion, Trial};
use tokio::runtime::{Handle, Runtime};

use self::report::{Outcome, Report};
use crate::{Availability, Dir, Services};

/// What a test is given.
#[derive(Debug)]
pub struct Test<S> {
    /// What the tests share.
    pub shared: Arc<S>,
    /// The directory of this test.
    pub dir: Arc<Dir>,
    /// The programs of the services.
    pub services: Arc<Services>,
    /// The test's name as an id of at most 48 characters, for topics, groups and app ids that no other test uses.
    pub id: String,
}

/// Tests, and how to start what they share.
pub struct Suite<S> {
    fixture: Arc<Fixture<S>>,
    limit: Duration,
    trials: Vec<Trial>,
    report: Arc<Report>,
    runtime: Runtime,
}

type Start<S> = dyn Fn(&Handle, &Services, &Dir) -> Result<S> + Send + Sync;

struct Fixture<S> {
    name: String,
    start: Box<Start<S>>,
    started: OnceLock<Result<Started<S>, NotStarted>>,
}

struct Started<S> {
    // In the order of their end: the processes, then their logs.
    shared: Arc<S>,
    dir: Dir,
    services: Arc<Services>,
}

#[derive(Debug, Clone)]
enum NotStarted {
    Unavailable(String),
    Failed(String),
}

/// The error of a test that cannot run here.
#[derive(Debug)]
struct Skipped(String);

impl<S: Send + Sync + 'static> Suite<S> {
    /// A suite without tests. `start` starts what they share; its logs go to the directory it is given.
    ///
    /// # Panics
    /// When no threads can be started.
    pub fn new<F>(name: &str, start: F) -> Self
    where
        F: AsyncFn(&Services, &Dir) -> Result<S> + Send + Sync + 'static,
    {
        let runtime = Runtime::new().expect("threads for the tests");
        let start = move |runtime: &Handle, services: &Services, dir: &Dir| runtime.block_on(start(services, dir));
        let fixture = Fixture {
            name: name.to_owned(),
            start: Box::new(start),
            started: OnceLock::new(),
        };
        Self {
            fixture: Arc::new(fixture),
            limit: Duration::from_mins(2),
            trials: Vec::new(),
            report: Arc::default(),
            runtime,
        }
    }

    /// How long a test may take from here on (two minutes at first): one that hangs fails, with its logs.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Adds a test, which fails by an error or a panic. Its name says what it shows.
    #[must_use]
    pub fn test<F>(mut self, name: &str, test: F) -> Self
    where
        F: AsyncFnOnce(Test<S>) -> Result<()> + Send + 'static,
    {
        let (fixture, limit, runtime) = (Arc::clone(&self.fixture), self.limit, self.runtime.handle().clone());
        let (id, report) = (name.to_owned(), Arc::clone(&self.report));
        self.trials.push(Trial::ignorable_test(name, move || {
            let started = Instant::now();
            let outcome = fixture.run(&id, limit, &runtime, test);
            report.add(&id, &outcome, started.elapsed());
            match outcome {
                Outcome::Passed => Ok(Completion::Completed),
                Outcome::Skipped(reason) => Ok(Completion::ignored_with(reason)),
                Outcome::Failed(error) => Err(error.into()),
            }
        }));
        self
    }

    /// Runs the tests that the command line asks for, and stops what they shared. Where the variable `TEST_REPORTS` names a folder,
    /// a report in `JUnit`'s format is written there.
    ///
    /// # Panics
    /// When the report cannot be written.
    pub fn run(self) -> ExitCode {
        let Self {
            fixture,
            trials,
            report,
            runtime,
            ..
        } = self;
        let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
        report.write(&fixture.name).expect("the report is written");
        if conclusion.has_failed()
            && let Some(Ok(started)) = fixture.started.get()
        {
            started.dir.keep();
        }
        drop(fixture);
        runtime.shutdown_background();
        conclusion.exit_code()
    }
}

impl<S> Fixture<S> {
    fn run<F>(&self, name: &str, limit: Duration, runtime: &Handle, test: F) -> Outcome
    where
        F: AsyncFnOnce(Test<S>) -> Result<()>,
    {
        let started = match self.started.get_or_init(|| self.begin(runtime)) {
            Ok(started) => started,
            Err(NotStarted::Unavailable(reason)) => return Outcome::Skipped(reason.clone()),
            Err(NotStarted::Failed(error)) => return Outcome::Failed(error.clone()),
        };
        let id = short(name);
        let dir = match Dir::new(&format!("{}-{id}", self.name)) {
            Ok(dir) => Arc::new(dir),
            Err(error) => return Outcome::Failed(format!("{error:#}")),
        };
        let shared = Arc::clone(&started.shared);
        let test = test(Test {
            shared,
            dir: Arc::clone(&dir),
            services: Arc::clone(&started.services),
            id,
        });
        let bounded = async {
            let result = tokio::time::timeout(limit, test).await;
            result.unwrap_or_else(|_| Err(anyhow!("it did not end within {limit:?}")))
        };
        let outcome = match catch_unwind(AssertUnwindSafe(|| runtime.block_on(bounded))) {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(error)) if error.is::<Skipped>() => Outcome::Skipped(error.to_string()),
            Ok(Err(error)) => Outcome::Failed(format!("{error:#}")),
            Err(panic) => Outcome::panicked(&*panic),
        };
        if matches!(outcome, Outcome::Failed(_)) {
            dir.keep();
        }
        outcome
    }

    fn begin(&self, runtime: &Handle) -> Result<Started<S>, NotStarted> {
        let failed = |error: anyhow::Error| NotStarted::Failed(format!("{error:#}"));
        let services = match Services::ensure(&mut say).map_err(failed)? {
            Availability::Ready(services) => services,
            Availability::Unavailable(reason) => return Err(NotStarted::Unavailable(reason)),
        };
        let dir = Dir::new(&self.name).map_err(failed)?;
        let start = (self.start)(runtime, &services, &dir).context("starting the services");
        match start {
            Ok(shared) => Ok(Started {
                shared: Arc::new(shared),
                dir,
                services: Arc::from(services),
            }),
            Err(error) => {
                dir.keep();
                Err(failed(error))
            }
        }
    }
}

/// A name as an id of at most 48 characters: letters, digits and `-`.
fn short(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let mut id = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    if id.len() > 40 {
        let sum = name
            .bytes()
            .fold(0_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        id.truncate(40);
        id = format!("{}-{sum:04x}", id.trim_end_matches('-'));
    }
    id
}

/// The error by which a test says that it cannot run here.
pub fn skip(reason: &str) -> anyhow::Error {
    Skipped(reason.to_owned()).into()
}

impl std::fmt::Display for Skipped {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Skipped {}

impl<S> std::fmt::Debug for Suite<S> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Suite({}, {} tests)", self.fixture.name, self.trials.len())
    }
}

/// To the person who waits.
fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn an_id_is_short_and_its_own() {
        assert_eq!(short("DROP and 404: gone"), "drop-and-404-gone");
        let long = "a name of a test that says what it shows, at some length, ";
        let (one, two) = (short(&format!("{long}one")), short(&format!("{long}two")));
        assert!(one.len() <= 48, "{one}");
        assert_ne!(one, two);
    }
}
