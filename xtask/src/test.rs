//! `cargo xtask test`: every check and every test, one after the other, and one line with the counts at the end.
//!
//! A check that fails does not stop those after it. A test that could not run, since something is not installed, is
//! counted as skipped with its reason; where the variable `CI` is `true` nothing may be skipped.

mod cargo;
mod junit;
mod libtest;
mod reports;
mod tally;

use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

use anstyle::Style;
use anyhow::Result;

use self::tally::Tally;
use crate::{
    bindings::{BINDINGS, Language, POLICIES},
    build::{self, Profile},
    demo,
    package::{Outcome, Package},
    places::Places,
    steps::{self, Steps, clock},
    styles::BAD,
};

/// Arguments of `test`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the tests on real Kafka, Redis and Dapr
    #[arg(long)]
    fast: bool,
}

/// Runs everything.
pub(crate) fn run(places: &Places, steps: &Steps, arguments: &Arguments) -> ExitCode {
    let mut stages = Stages {
        steps,
        done: Vec::new(),
    };
    stages.check("format", || {
        steps.say("checking the format");
        steps::run(&mut places.cargo(["fmt", "--all", "--check"]))
    });
    stages.check("build", || {
        build::all(places, steps, Profile::Dev)?;
        build::for_tests(places, steps, Profile::Dev)
    });
    let built = stages.passed("build");
    // Before the tests, which run what they build.
    for language in &POLICIES {
        stages.language(places, language);
    }
    stages.count("tests", || {
        steps.say("running the tests");
        cargo::without_services(places)
    });
    stages.count("doctests", || {
        steps.say("running the examples in the documentation");
        cargo::doctests(places)
    });
    if built {
        stages.count("demo", || {
            steps.say("playing the demo");
            Ok(as_expected(&demo::check(places, steps)?))
        });
    } else {
        stages.left_out("demo", "there is no gate to show");
    }
    for language in &BINDINGS {
        stages.language(places, language);
    }
    if built {
        stages.count("packages", || Ok(packages(places, steps)));
    } else {
        stages.left_out("packages", "there is no policy to try them with");
    }
    if arguments.fast {
        stages.left_out("services", "tests on real services, left out by --fast");
    } else {
        stages.count("services", || {
            steps.say("running the tests on real services (built from source the first time)");
            cargo::on_services(places)
        });
    }
    stages.check("lints", || {
        steps.say("checking with clippy");
        let mut clippy = places.cargo(["clippy", "--workspace", "--all-targets"]);
        steps::run(clippy.args(["--", "--deny=warnings"]))
    });
    stages.summary()
}

/// The packages that do not take long.
fn packages(places: &Places, steps: &Steps) -> Tally {
    let mut tally = Tally::default();
    for package in Package::QUICK {
        tally.add(&match package.check(places, steps) {
            Outcome::Works(_) => Tally::one_passed(),
            Outcome::LeftOut(reason) => Tally::one_skipped(&reason),
            Outcome::Broken(error) => {
                let error = format!("{error:#}");
                anstream::eprintln!("{BAD}{error}{BAD:#}");
                Tally::one_failed(error)
            }
        });
    }
    tally
}

/// A test that shows everything that is not as expected.
fn as_expected(problems: &[String]) -> Tally {
    if problems.is_empty() {
        return Tally::one_passed();
    }
    let problems = format!("demo, not as expected:\n{}", problems.join("\n"));
    eprintln!("{problems}");
    Tally::one_failed(problems)
}

/// The stages so far.
struct Stages<'a> {
    steps: &'a Steps,
    done: Vec<Stage>,
}

/// What came out of one stage.
struct Stage {
    name: &'static str,
    tally: Tally,
    took: Duration,
}

impl Stages<'_> {
    /// A stage that passes or fails as a whole.
    fn check(&mut self, name: &'static str, check: impl FnOnce() -> Result<()>) {
        self.count(name, || {
            check()?;
            Ok(Tally::one_passed())
        });
    }

    /// A stage that counts for itself.
    fn count(&mut self, name: &'static str, tests: impl FnOnce() -> Result<Tally>) {
        let started = Instant::now();
        let tally = tests().unwrap_or_else(|error| {
            let error = format!("{name}: {error:#}");
            anstream::eprintln!("{BAD}{error}{BAD:#}");
            Tally::one_failed(error)
        });
        self.done.push(Stage {
            name,
            tally,
            took: started.elapsed(),
        });
    }

    /// What is in another language, by its own tools.
    fn language(&mut self, places: &Places, language: &Language) {
        if let Some(lacking) = language.lacks() {
            self.left_out(language.name, &lacking);
            return;
        }
        let steps = self.steps;
        self.count(language.name, || {
            let (mut command, reports) = language.ready(places, steps)?;
            reports::run(&mut command, &reports)
        });
    }

    fn left_out(&mut self, name: &'static str, reason: &str) {
        self.done.push(Stage {
            name,
            tally: Tally::one_skipped(reason),
            took: Duration::ZERO,
        });
    }

    fn passed(&self, name: &str) -> bool {
        let mut stages = self.done.iter().filter(|stage| stage.name == name);
        stages.all(|stage| !stage.tally.failed())
    }

    /// Prints the stages, what failed, the reasons for skipping, and the counts.
    fn summary(&self) -> ExitCode {
        let mut total = Tally::default();
        println!();
        for Stage { name, tally, took } in &self.done {
            let line = format!("{name:<9}  {}  {}", clock(*took), tally.counts());
            let style = if tally.failed() { BAD } else { Style::new() };
            anstream::println!("{style}{line}{style:#}");
            total.add(tally);
        }
        for failure in total.failures() {
            println!("\n{failure}");
        }
        for (reason, count) in total.reasons() {
            println!("skipped {count}: {reason}");
        }
        let incomplete = total.skipped() && env::var_os("CI").is_some_and(|ci| ci == "true");
        if incomplete {
            anstream::println!("{BAD}CI is true: nothing may be skipped{BAD:#}");
        }
        println!("everything took {}", clock(self.steps.elapsed()));
        println!("{}", total.counts());
        if total.failed() || incomplete {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}
