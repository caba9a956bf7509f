//! `cargo xtask demo`: real events through a real gate, and what happened to each.
//!
//! `xtask/demo/events.jsonl` holds the events with what is expected of each, so the demo is a test as well.

mod cli;
mod compare;
mod gate;
mod scenario;
mod stage;
mod table;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use self::{
    cli::Cli,
    compare::Fate,
    gate::Gate,
    scenario::{Event, Scenario},
    stage::Stage,
};
use crate::{
    build::{self, Profile},
    places::{Places, typed},
    steps::Steps,
    styles::{BAD, DIM},
};

/// How long the gate may take for all events.
const PATIENCE: Duration = Duration::from_mins(1);

/// What happened.
#[derive(Debug)]
pub(crate) struct Report {
    scenario: Scenario,
    fates: Vec<Fate>,
    took: Duration,
    try_next: Vec<Suggestion>,
    /// Everything that is not as expected.
    pub(crate) problems: Vec<String>,
}

/// A command for the reader.
#[derive(Debug)]
struct Suggestion {
    command: String,
    about: &'static str,
    /// False for what runs until it is stopped, or takes long.
    ends: bool,
}

/// Builds, plays and shows the demo.
pub(crate) fn run(places: &Places, steps: &Steps) -> Result<ExitCode> {
    build::policy_and_gate(places, steps, Profile::Dev)?;
    let report = play(places, steps)?;
    println!();
    table::print(&report.scenario, &report.fates);
    println!();
    table::print_totals(&report.fates, report.took);
    for problem in &report.problems {
        anstream::println!("{BAD}not as expected:{BAD:#} {problem}");
    }
    println!("\nTry next:");
    let width = report.try_next.iter().map(|s| s.command.len()).max().unwrap_or(0);
    for Suggestion { command, about, .. } in &report.try_next {
        anstream::println!("  {command:width$}  {DIM}# {about}{DIM:#}");
    }
    Ok(if report.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The demo as a test: plays it, and runs every command that it suggests.
pub(crate) fn check(places: &Places, steps: &Steps) -> Result<Vec<String>> {
    let mut report = play(places, steps)?;
    for suggestion in report.try_next.iter().filter(|s| s.ends) {
        let output = Command::new("sh")
            .args(["-c", &suggestion.command])
            .stdin(Stdio::null())
            .output()
            .context("sh cannot be run")?;
        if !output.status.success() || output.stdout.is_empty() {
            report.problems.push(format!(
                "`{}`, which the demo suggests, does not work: {}, {}",
                suggestion.command,
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            ));
        }
    }
    Ok(report.problems)
}

/// Starts a gate on an empty directory, sends everything, waits for the dispositions and compares.
fn play(places: &Places, steps: &Steps) -> Result<Report> {
    let scenario = Scenario::read(&places.root.join("xtask/demo/events.jsonl"))?;
    let stage = Stage::set(places)?;
    fs::write(stage.events(), scenario.as_lines())?;

    steps.say("starting the gate on an empty database (the first time, it compiles the policy)");
    let mut gate = Gate::start(places, &stage)?;
    let cli = Cli::new(places, &stage);

    steps.say(format!("sending {} events", scenario.events.len()));
    let started = Instant::now();
    let places_sent = send(&cli, &scenario)?;
    let fates = await_fates(&cli, &scenario, &places_sent, &mut gate)?;
    let took = started.elapsed();

    let mut problems = compare::all(&scenario, &fates);
    if let Some(problem) = gate.stop()? {
        problems.push(problem);
    }
    Ok(Report {
        try_next: suggestions(places, &stage),
        scenario,
        fates,
        took,
        problems,
    })
}

/// Where each event was put: its topic and offset; `None` for one that is only applied.
type Sent<'a> = Vec<Option<(&'a str, u64)>>;

/// Sends the events, one call a topic, in the order of the file.
fn send<'a>(cli: &Cli, scenario: &'a Scenario) -> Result<Sent<'a>> {
    let mut sent: Sent<'a> = vec![None; scenario.events.len()];
    for topic in scenario.topics() {
        let on_topic = |event: &Event| event.topic() == Some(topic);
        let events = scenario.events.iter().filter(|event| on_topic(event));
        let first = cli.send(topic, events)?;
        let places = scenario.events.iter().zip(&mut sent);
        let places = places.filter(|(event, _)| on_topic(event));
        for (offset, (_, place)) in (first..).zip(places) {
            *place = Some((topic, offset));
        }
    }
    Ok(sent)
}

/// Waits until every event is judged, and collects what became of each.
fn await_fates(cli: &Cli, scenario: &Scenario, sent: &Sent<'_>, gate: &mut Gate) -> Result<Vec<Fate>> {
    let deadline = Instant::now() + PATIENCE;
    let topics = scenario.topics();
    let inputs = loop {
        let mut inputs = Vec::new();
        for topic in &topics {
            inputs.extend(cli.read(topic)?);
        }
        let waiting = inputs.iter().filter(|row| row.delivery.is_none()).count();
        if waiting == 0 && inputs.len() >= sent.iter().flatten().count() {
            break inputs;
        }
        gate.still_runs()?;
        if Instant::now() > deadline {
            bail!(
                "{waiting} events are not judged after {} s\n{}",
                PATIENCE.as_secs(),
                gate.log_tail()
            );
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let mut outputs = Vec::new();
    for topic in scenario::OUTPUT_TOPICS {
        outputs.extend(cli.read(topic)?);
    }
    let fates = scenario.events.iter().zip(sent);
    fates
        .map(|(event, place)| match place {
            Some((topic, offset)) => Fate::of_record(topic, *offset, &inputs, &outputs),
            None => cli.apply(event).map(Fate::of_apply),
        })
        .collect()
}

fn suggestions(places: &Places, stage: &Stage) -> Vec<Suggestion> {
    let gate = program(&places.gate());
    let data = typed(&stage.database());
    let suggest = |arguments: String, about, ends| Suggestion {
        command: format!("{gate} {arguments}"),
        about,
        ends,
    };
    vec![
        suggest(format!("topics --data {data}"), "how much is where", true),
        suggest(
            format!("dlq list --data {data}"),
            "what was dead-lettered, and why",
            true,
        ),
        suggest(
            format!("dlq show bad-16 --data {data}"),
            "one dead letter and the whole event in it",
            true,
        ),
        suggest(
            format!("apply < {}", typed(&stage.events())),
            "the same policy as a filter, without a server",
            true,
        ),
        suggest(
            format!("check {}", typed(&places.policy())),
            "what the policy knows, and its self-test",
            true,
        ),
        suggest(
            format!("serve --config {}", typed(&stage.config())),
            "the gate again, on the same data",
            false,
        ),
        Suggestion {
            command: "cargo xtask test".to_owned(),
            about: "every test, among them those on real Kafka behind a real daprd",
            ends: false,
        },
    ]
}

/// A program as a shell finds it: with a directory before its name.
fn program(path: &Path) -> String {
    let typed = typed(path);
    if typed.contains('/') {
        typed
    } else {
        format!("./{typed}")
    }
}
