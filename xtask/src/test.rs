//! `cargo xtask test`: every check and every test, one after the other, and one line with the counts at the end.
//!
//! A check that fails does not stop those after it. A test that could not run, since something is not installed, is
//! counted as skipped with its reason; where the variable `CI` is `true` nothing may be skipped.

mod cargo;
mod tally;

use std::{
    env,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::Result;

use self::tally::Tally;
use crate::{
    build::{self, Profile},
    demo,
    paint::Paint,
    places::Places,
    steps::{self, Steps, clock},
};

/// Tells the tests that real services are not wanted.
const SERVICES: &str = "TIDEGATE_SERVICES";

/// Arguments of `test`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the tests on real Kafka, Redis and Dapr
    #[arg(long)]
    fast: bool,
}

/// What came out of one stage.
struct Stage {
    name: &'static str,
    tally: Tally,
    took: Duration,
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
    stages.check("build", || build::both(places, steps, Profile::Dev));
    let built = stages.passed();
    stages.check("lints", || {
        steps.say("checking with clippy");
        steps::run(
            places
                .cargo(["clippy", "--workspace", "--all-targets", "--quiet"])
                .args(["--", "--deny=warnings"]),
        )
    });
    stages.tests("tests", || {
        steps.say("running the tests (the first time, real services are built on the way)");
        cargo::test(&mut with_environment(places, arguments))
    });
    if built {
        stages.demo(places);
    } else {
        stages.not_run("demo", "there is no gate to show");
    }
    stages.summary()
}

/// `cargo test` with what the tests need to know.
fn with_environment(places: &Places, arguments: &Arguments) -> Command {
    let mut command = places.cargo(["test", "--workspace", "--no-fail-fast"]);
    command.env("TIDEGATE_BIN", places.gate());
    command.env("TIDEGATE_POLICY", places.policy());
    if arguments.fast {
        command.env(SERVICES, "off");
    }
    command
}

struct Stages<'a> {
    steps: &'a Steps,
    done: Vec<Stage>,
}

impl Stages<'_> {
    /// A stage that passes or fails as a whole.
    fn check(&mut self, name: &'static str, check: impl FnOnce() -> Result<()>) {
        self.tests(name, || {
            check()?;
            Ok(Tally::one_passed())
        });
    }

    /// A stage that counts for itself.
    fn tests(&mut self, name: &'static str, tests: impl FnOnce() -> Result<Tally>) {
        let started = Instant::now();
        let tally = tests().unwrap_or_else(|error| {
            eprintln!("{}", Paint::for_stderr().bad(format!("{name}: {error:#}")));
            Tally::one_failed()
        });
        self.done.push(Stage {
            name,
            tally,
            took: started.elapsed(),
        });
    }

    fn demo(&mut self, places: &Places) {
        let steps = self.steps;
        self.tests("demo", || {
            let problems = demo::check(places, steps)?;
            for problem in &problems {
                eprintln!("not as expected: {problem}");
            }
            Ok(if problems.is_empty() {
                Tally::one_passed()
            } else {
                Tally::one_failed()
            })
        });
    }

    fn not_run(&mut self, name: &'static str, reason: &str) {
        self.done.push(Stage {
            name,
            tally: Tally::one_skipped(reason),
            took: Duration::ZERO,
        });
    }

    /// True when nothing has failed yet.
    fn passed(&self) -> bool {
        self.done.iter().all(|stage| stage.tally.failed == 0)
    }

    /// Prints the stages, the reasons for skipping, and the counts.
    fn summary(&self) -> ExitCode {
        let paint = Paint::for_stdout();
        let mut total = Tally::default();
        println!();
        for Stage { name, tally, took } in &self.done {
            let line = format!("{name:<8} {:>6}  {}", clock(*took), tally.counts());
            println!(
                "{}",
                if tally.failed == 0 {
                    line
                } else {
                    paint.bad(line)
                }
            );
            total.add(tally);
        }
        for (reason, count) in total.reasons() {
            println!("skipped {count}: {reason}");
        }
        let incomplete = total.skipped > 0 && env::var_os("CI").is_some_and(|ci| ci == "true");
        if incomplete {
            println!("{}", paint.bad("CI is true: nothing may be skipped"));
        }
        println!("all of it {}", clock(self.steps.elapsed()));
        println!("{}", total.counts());
        if total.failed > 0 || incomplete {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}
