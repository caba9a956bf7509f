//! What a good policy notices of calls that loop beside it: from the moment that a call is due until its decision, with
//! none, one and eight of them in progress on the same engine; in turn, in one run. Once on a runtime as tokio makes it, and
//! once on one that looks for scheduler and requests as often as the gate's.
#![allow(clippy::print_stdout, reason = "the table is what it is for")]

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use tidegate_benches::{NOW, OLD};
use tidegate_engine::{Context, Engine, Options, Policy};
use tidegate_harness::repository;
use tokio::task::JoinSet;

const ROUNDS: usize = 2;
/// How long each way takes in each round.
const TIME: Duration = Duration::from_secs(8);
/// Time between calls: the good policy is not what keeps the machine busy.
const PAUSE: Duration = Duration::from_millis(1);
const LOOPING: [usize; 3] = [0, 1, 8];

/// Turns of tasks between two looks for scheduler and requests: tokio's own number, and the gate's.
const INTERVALS: [u32; 2] = [61, tidegate_gate::EVENT_INTERVAL];

/// What came of one way.
#[derive(Default)]
struct Measured {
    latencies: Vec<Duration>,
    /// Calls that were stopped at their deadline.
    stopped: u64,
}

fn main() -> Result<()> {
    let mut all: [[Measured; LOOPING.len()]; INTERVALS.len()] = Default::default();
    for round in 1..=ROUNDS {
        for (interval, ways) in INTERVALS.into_iter().zip(&mut all) {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.enable_all().event_interval(interval).build()?;
            runtime.block_on(ways_of(ways))?;
            eprintln!("round {round}: an interval of {interval}");
        }
    }
    let threads = thread::available_parallelism().map_or(0, usize::from);
    println!(
        "| turns between looks | calls that loop, on {threads} threads | p50, ms | p99, ms | longest, ms | loops stopped |"
    );
    println!("|---:|---:|---:|---:|---:|---:|");
    for (interval, ways) in INTERVALS.into_iter().zip(all) {
        for (looping, Measured { mut latencies, stopped }) in LOOPING.into_iter().zip(ways) {
            latencies.sort_unstable();
            let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1e3;
            let (half, most, longest) = (at(50), at(99), at(100));
            println!("| {interval} | {looping} | {half:.2} | {most:.2} | {longest:.2} | {stopped} |");
        }
    }
    Ok(())
}

async fn ways_of(ways: &mut [Measured]) -> Result<()> {
    let engine = Engine::new(Options::default())?;
    let good = Arc::new(load(&engine, "policy.wasm").await?);
    let hostile = Arc::new(load(&engine, "guests/loops.wasm").await?);
    for (looping, way) in LOOPING.into_iter().zip(ways) {
        let (latencies, stopped) = measure(&good, &hostile, looping).await?;
        way.latencies.extend(latencies);
        way.stopped += stopped;
    }
    Ok(())
}

async fn load(engine: &Engine, name: &str) -> Result<Policy> {
    let file = repository().join("dist").join(name);
    let bytes = fs::read(&file).with_context(|| format!("{}: run `cargo xtask build`", file.display()))?;
    Ok(engine.load(&bytes).await?)
}

/// Times of calls of the good policy while so many others loop, and how many of those were stopped at their deadline.
async fn measure(good: &Arc<Policy>, hostile: &Arc<Policy>, looping: usize) -> Result<(Vec<Duration>, u64)> {
    let done = Arc::new(AtomicBool::new(false));
    let stopped = Arc::new(AtomicU64::new(0));
    let mut loops = JoinSet::new();
    for _ in 0..looping {
        let (hostile, done, stopped) = (hostile.clone(), done.clone(), stopped.clone());
        loops.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                if hostile.process(OLD.as_bytes(), &[], &Context::at(NOW)).await.is_ok() {
                    bail!("it does not loop");
                }
                stopped.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
    }
    let good = good.clone();
    let calls = tokio::spawn(async move {
        let mut latencies = Vec::new();
        let started = Instant::now();
        while started.elapsed() < TIME {
            let due = Instant::now() + PAUSE;
            tokio::time::sleep_until(due.into()).await;
            good.process(OLD.as_bytes(), &[], &Context::at(NOW)).await?;
            latencies.push(due.elapsed());
        }
        anyhow::Ok(latencies)
    });
    let latencies = calls.await??;
    done.store(true, Ordering::Relaxed);
    while let Some(ended) = loops.join_next().await {
        ended??;
    }
    Ok((latencies, stopped.load(Ordering::Relaxed)))
}
