//! What a good policy notices of calls that loop beside it: latencies of `process` with none, one and eight of them under
//! way on the same engine; in turn, in one run.
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

const ROUNDS: usize = 3;
/// Calls before those that are counted.
const WARM_UP: usize = 200;
const CALLS: usize = 2_000;
/// Time between calls: the good policy is not what keeps the machine busy.
const PAUSE: Duration = Duration::from_millis(1);
const LOOPING: [usize; 3] = [0, 1, 8];

#[tokio::main]
async fn main() -> Result<()> {
    let engine = Engine::new(Options::default())?;
    let good = Arc::new(load(&engine, "policy.wasm").await?);
    let hostile = Arc::new(load(&engine, "guests/loops.wasm").await?);
    let mut all = LOOPING.map(|_| (Vec::new(), 0));
    for round in 1..=ROUNDS {
        for (looping, (latencies, stopped)) in LOOPING.into_iter().zip(&mut all) {
            let measured = measure(&good, &hostile, looping).await?;
            eprintln!("round {round}: {looping} calls loop");
            latencies.extend(measured.0);
            *stopped += measured.1;
        }
    }
    let threads = thread::available_parallelism().map_or(0, usize::from);
    println!("| calls that loop, on {threads} threads | p50, ms | p99, ms | longest, ms | loops stopped |");
    println!("|---:|---:|---:|---:|---:|");
    for (looping, (mut latencies, stopped)) in LOOPING.into_iter().zip(all) {
        latencies.sort_unstable();
        let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        println!(
            "| {looping} | {:.2} | {:.2} | {:.2} | {stopped} |",
            at(50),
            at(99),
            at(100)
        );
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
                if hostile.process(OLD.as_bytes(), &Context::at(NOW)).await.is_ok() {
                    bail!("it does not loop");
                }
                stopped.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
    }
    let good = good.clone();
    let calls = tokio::spawn(async move {
        let mut latencies = Vec::with_capacity(CALLS);
        for number in 0..WARM_UP + CALLS {
            tokio::time::sleep(PAUSE).await;
            let started = Instant::now();
            good.process(OLD.as_bytes(), &Context::at(NOW)).await?;
            if number >= WARM_UP {
                latencies.push(started.elapsed());
            }
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
