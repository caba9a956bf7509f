//! What a shadow policy costs live traffic: events a second and latencies of a gate on the `sqlite` backend without one, with
//! the same policy as its shadow, and with one that loops on every event; in turn, in one run.
#![allow(clippy::print_stdout, reason = "the table is what it is for")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tidegate_benches::event;
use tidegate_harness::{Dir, Gate, free_port, repository, wait};
use tokio::task::JoinSet;

const ROUNDS: usize = 5;
/// Requests in progress at the same time.
const CALLERS: usize = 8;
/// Events before those that are counted.
const WARM_UP: u64 = 500;
const EVENTS: u64 = 4_000;
/// Shadow policies, in `dist/`.
const WAYS: [(Option<&str>, &str); 3] = [
    (None, "no shadow policy"),
    (Some("policy.wasm"), "the same policy as shadow"),
    (Some("guests/loops.wasm"), "a shadow policy that loops on every event"),
];

/// One way, once.
struct Measured {
    rate: f64,
    /// Milliseconds of each event, sorted.
    latencies: Vec<f64>,
    /// Share of the events that the shadow policy had no time for.
    skipped: Option<f64>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut all: [Vec<Measured>; WAYS.len()] = Default::default();
    for round in 1..=ROUNDS {
        for (number, (shadow, name)) in WAYS.into_iter().enumerate() {
            let measured = measure(&format!("shadow-{round}-{number}"), shadow)
                .await
                .with_context(|| name)?;
            eprintln!("round {round}: {name}: {:.0} events/s", measured.rate);
            all[number].push(measured);
        }
    }
    println!(
        "| {EVENTS} events from {CALLERS} callers, medians of {ROUNDS} rounds | events/s | p50, ms | p99, ms | skipped |"
    );
    println!("|---|---:|---:|---:|---:|");
    for ((_, name), rounds) in WAYS.iter().zip(&all) {
        let of = |figure: &dyn Fn(&Measured) -> f64| median(rounds.iter().map(figure).collect());
        let skipped = rounds
            .iter()
            .filter_map(|measured| measured.skipped)
            .collect::<Vec<_>>();
        let skipped = match &skipped[..] {
            [] => "–".to_owned(),
            shares => format!("{:.0} %", 100.0 * median(shares.to_vec())),
        };
        println!(
            "| {name} | {:.0} | {:.2} | {:.2} | {skipped} |",
            of(&|measured| measured.rate),
            of(&|measured| at(&measured.latencies, 50)),
            of(&|measured| at(&measured.latencies, 99)),
        );
    }
    Ok(())
}

async fn measure(id: &str, shadow: Option<&str>) -> Result<Measured> {
    let dir = Dir::new(id)?;
    let (port, admin) = (free_port(), free_port());
    let file = |name: &str| repository().join("dist").join(name).display().to_string();
    let shadow = shadow.map(|name| format!(", shadow: {{ path: {:?} }}", file(name)));
    let config = format!(
        "listen: 127.0.0.1:{port}
admin: {{ listen: \"127.0.0.1:{admin}\" }}
policy: {{ path: {:?}{} }}
{}",
        file("policy.wasm"),
        shadow.as_deref().unwrap_or_default(),
        include_str!("../schemas/gate.yaml"),
    );
    let gate = Gate::start(&dir, port, &config, &[("TIDEGATE_LOG", "warn")]).await?;
    let report = format!("http://127.0.0.1:{admin}/admin/shadow");
    if shadow.is_some() {
        let ready = async || (fetch(&report).await.ok()?["shadow"]["state"] == "ready").then_some(());
        wait::until("the shadow policy to be ready", wait::PATIENCE, ready).await?;
    }
    let url = gate.url("/deliver/task-events");
    send(&url, 0..WARM_UP).await?;
    let started = Instant::now();
    let mut latencies = send(&url, WARM_UP..WARM_UP + EVENTS).await?;
    let took = started.elapsed();
    latencies.sort_by(f64::total_cmp);
    let skipped = if shadow.is_some() {
        let report = fetch(&report).await?;
        let count = |name: &str| report[name].as_f64().with_context(|| format!("no {name} in {report}"));
        Some(count("skipped")? / count("seen")?)
    } else {
        None
    };
    Ok(Measured {
        rate: per_second(EVENTS, took),
        latencies,
        skipped,
    })
}

async fn fetch(url: &str) -> Result<Value> {
    Ok(reqwest::get(url).await?.json().await?)
}

/// Sends the events of these numbers, each caller one after another; gives the milliseconds that each took.
async fn send(url: &str, numbers: std::ops::Range<u64>) -> Result<Vec<f64>> {
    let next = Arc::new(AtomicU64::new(numbers.start));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (next, url, end) = (next.clone(), url.to_owned(), numbers.end);
        callers.spawn(async move {
            let client = reqwest::Client::new();
            let mut latencies = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return anyhow::Ok(latencies);
                }
                let started = Instant::now();
                let answer = client.post(&url).body(event(number)).send().await?;
                let answer = answer.text().await?;
                ensure!(answer.contains("SUCCESS"), "event {number}: {answer}");
                latencies.push(started.elapsed().as_secs_f64() * 1e3);
            }
        });
    }
    let mut all = Vec::new();
    while let Some(latencies) = callers.join_next().await {
        all.extend(latencies??);
    }
    Ok(all)
}

#[allow(clippy::cast_precision_loss, reason = "thousands of events")]
fn per_second(events: u64, took: Duration) -> f64 {
    events as f64 / took.as_secs_f64()
}

/// The value below which so many in a hundred are.
fn at(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    at(&values, 50)
}
