//! `tidegate new --from`: policies that are inferred from public samples of events, by the built program. Each takes every sample, and
//! rejects nearly all of those that differ in one member.
#![allow(clippy::print_stdout, reason = "rates that people want to see")]

mod mutation;

use std::{fs, path::Path};

use rstest::rstest;
use serde_json::Value;
use tidegate_harness::repository;
use tidegate_tests::{Finished, tidegate_in};

use mutation::{Mutations, Seed};

/// How many mutations of each event are tried.
const OF_EACH: usize = 12;

/// The lines of a sample; `infer/tests/samples/README.md` says where it is from.
fn sample(name: &str) -> String {
    let file = repository()
        .join("infer/tests/samples")
        .join(format!("{name}.jsonl.gz"));
    let file = fs::File::open(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    std::io::read_to_string(flate2::read::GzDecoder::new(file)).expect("text")
}

fn done(dir: &Path, args: &[&str], input: &str) -> String {
    let Finished { code, out, err } = tidegate_in(dir, args, input.as_bytes());
    assert_eq!(code, 0, "{args:?}: {err}");
    out
}

/// The lines that are not rejected, and those that are with the reason.
fn decide(dir: &Path, lines: &[String]) -> (Vec<String>, Vec<(String, String)>) {
    let out = done(
        dir,
        &["apply", "--policy", "inferred", "--isolation", "reuse"],
        &lines.join("\n"),
    );
    let decided: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(decided.len(), lines.len());
    let (mut taken, mut rejected) = (Vec::new(), Vec::new());
    for (line, decided) in lines.iter().zip(decided) {
        if decided["decision"] == "reject" {
            rejected.push((line.clone(), decided["reason"].to_string()));
        } else {
            taken.push(line.clone());
        }
    }
    (taken, rejected)
}

#[rstest]
#[case::webhooks("github-webhooks", 324)]
#[case::events("github-events", 332)]
#[case::earthquakes("earthquakes", 420)]
fn an_inferred_policy_takes_its_samples_and_little_else(#[case] name: &str, #[case] count: usize) {
    let text = sample(name);
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), count);
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    done(dir, &["new", "inferred", "--from", "-"], &text);
    done(dir, &["check", "inferred"], "");

    let (_, rejected) = decide(dir, &lines);
    assert!(rejected.is_empty(), "samples are rejected: {rejected:#?}");

    let events: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let mutations = Mutations::of(&events, |event| event_type(name, event));
    let mut seed = Seed::new(13);
    let mutated: Vec<String> = (0..events.len())
        .flat_map(|at| mutations.some(at, OF_EACH, &mut seed))
        .collect();
    let (taken, rejected) = decide(dir, &mutated);
    #[allow(clippy::cast_precision_loss, reason = "counts of events")]
    let rate = 100.0 * rejected.len() as f64 / mutated.len() as f64;
    println!(
        "{name}: {count} events taken; {} of {} mutations rejected ({rate:.2} %)",
        rejected.len(),
        mutated.len()
    );
    assert!(
        rate >= 95.0,
        "{rate:.2} %; taken were, for example: {:#?}",
        taken.iter().take(3).collect::<Vec<_>>()
    );
}

/// The type of an event, as its source defines it.
fn event_type(sample: &str, event: &Value) -> String {
    let place = if sample == "earthquakes" {
        "/properties/type"
    } else {
        "/type"
    };
    event.pointer(place).and_then(Value::as_str).expect("a type").to_owned()
}
