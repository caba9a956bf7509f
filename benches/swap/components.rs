//! What replacing a component costs the events that are processed meanwhile, and how long it takes: a gate on the `sqlite`
//! backend, the policy of the repository and the one of `examples/next-policy`, in one run. It fails when an event is
//! refused, lost, published twice, or not as the policy writes it that it names.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tidegate_tests::{
    Delivered, Deliveries, event,
    revisions::{self, Found, Versions, builtin, digest, next, numbered, numbered_as},
};

use crate::{
    figures::{Spread, millis},
    gate::{Gate, Held, Topics},
    rounds::{self, Phase},
};

const CONNECTIONS: usize = 8;
/// How much of its capacity a gate is given to do.
const SHARE: f64 = 0.7;
const MEASURED: Duration = Duration::from_secs(15);
const SWAPS: u64 = 50;
const ROUNDS: u64 = 10;
/// The number of the first swap after those that bring both policies into the cache.
const FIRST: u64 = 3;
/// Swaps before its memory is looked at, and swaps until it is looked at again.
const BEFORE: u64 = 40;
const LATER: u64 = 200;
const STARTS: usize = 20;

/// Measures and prints.
pub(crate) async fn run() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let policies = Policies {
        both: [builtin(), next()],
    };
    starts(&dir.path().join("starts"), &policies)?;
    let dir = dir.path().join("swaps");
    let gate = start(&dir, &policies.both[0])?;
    replace(&gate, &policies.both[1]).await?;
    under_load(&gate, &policies).await?;
    memory(&gate, &policies).await
}

/// Starts a gate with a policy in a directory.
fn start(dir: &Path, policy: &[u8]) -> Result<Gate> {
    fs::create_dir_all(dir)?;
    let file = dir.join("policy.wasm");
    if !fs::read(&file).is_ok_and(|old| old == policy) {
        fs::write(&file, policy)?;
    }
    Gate::start(dir, &file, Topics::Tasks)
}

struct Policies {
    both: [Vec<u8>; 2],
}

impl Policies {
    /// The one for the swap of this number.
    fn of(&self, number: u64) -> &[u8] {
        &self.both[usize::from(number.is_multiple_of(2))]
    }

    /// The same as the first in another file, which is in no cache.
    fn unknown(&self, name: &str) -> Result<Vec<u8>> {
        let section = [&[u8::try_from(name.len())?], name.as_bytes()].concat();
        let head = [0, u8::try_from(section.len())?];
        Ok([&self.both[0], &head[..], &section].concat())
    }
}

/// From the start of the process to ready.
fn starts(dir: &Path, policies: &Policies) -> Result<()> {
    let cold = start(dir, &policies.both[0])?.started_in;
    let mut warm = Vec::new();
    for _ in 0..STARTS {
        warm.push(start(dir, &policies.both[0])?.started_in);
    }
    let warm = Spread::of(warm);
    println!("| from the start of the process to ready | ms |\n|---|---:|");
    println!("| the policy is compiled | {} |", millis(cold));
    println!(
        "| it is in the cache, {STARTS} times: least | {} |",
        millis(warm.least())
    );
    println!("| median | {} |", millis(warm.at(0.5)));
    println!("| most | {} |\n", millis(warm.most()));
    Ok(())
}

/// A swap as it was seen from outside, and the gate's entry for its revision.
struct Swap {
    name: &'static str,
    begun: Instant,
    over: Instant,
    revision: Value,
}

async fn under_load(gate: &Gate, policies: &Policies) -> Result<()> {
    let capacity = capacity(gate).await;
    let rate = capacity * SHARE;
    println!("Capacity: {capacity:.0} events/s over {CONNECTIONS} connections; measured at {rate:.0} events/s.\n");
    let started = Instant::now();
    let load = Deliveries::start(&gate.deliver(), Some(rate), CONNECTIONS, numbered);
    tokio::time::sleep(MEASURED / 5).await;
    let mut without = Phase::new("no swap");
    let mut during = Phase::new(&format!("{SWAPS} swaps, in the cache"));
    let mut compiling = Phase::new("a policy is compiled");
    let mut swaps = Vec::new();
    // In turn and equally long, so that both meet whatever else the machine does.
    for round in 0..ROUNDS {
        let begun = Instant::now();
        for number in 0..SWAPS / ROUNDS {
            let number = FIRST + round * (SWAPS / ROUNDS) + number;
            swaps.push(swap(gate, "in the cache", policies.of(number)).await?);
        }
        let over = Instant::now();
        during.add(begun..over);
        tokio::time::sleep(over - begun).await;
        without.add(over..Instant::now());
    }
    let begun = Instant::now();
    let unknown = policies.unknown("under load")?;
    swaps.push(swap(gate, "compiled, under load", &unknown).await?);
    compiling.add(begun..Instant::now());
    let delivered = load.stop().await;
    let summary = summary(gate, started, policies, &unknown, &swaps, &delivered)?;

    let load = Deliveries::start(&gate.deliver(), Some(20.0), 1, |number| {
        event(&format!("idle-{number}"))
    });
    let unknown = policies.unknown("no load")?;
    swaps.push(swap(gate, "compiled, hardly any load", &unknown).await?);
    load.more(10).await;
    let idle = load.stop().await;

    rounds::print(&[without, during, compiling], &delivered);
    println!("\n{summary}\n");
    let names: HashMap<_, _> = ["e", "idle"].into_iter().zip([&delivered, &idle]).collect();
    let acknowledged = acknowledged(gate, &names)?;
    times(&swaps, &acknowledged);
    Ok(())
}

/// Events a second that are taken when there are always more.
async fn capacity(gate: &Gate) -> f64 {
    // As many are not valid as afterwards, or the gate would see a jump and roll back the first policy; ids of their own.
    let load = Deliveries::start(&gate.deliver(), None, CONNECTIONS, |number| numbered_as("c-", number));
    tokio::time::sleep(MEASURED / 5).await;
    let (before, started) = (load.taken(), Instant::now());
    tokio::time::sleep(MEASURED).await;
    let (taken, took) = (load.taken() - before, started.elapsed());
    load.stop().await;
    f64::from(u32::try_from(taken).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

async fn swap(gate: &Gate, name: &'static str, policy: &[u8]) -> Result<Swap> {
    let begun = Instant::now();
    let revision = replace(gate, policy).await?;
    Ok(Swap {
        name,
        begun,
        over: Instant::now(),
        revision,
    })
}

/// Fails unless every delivery was acknowledged at the first attempt and has one disposition, by the policy that it names.
fn summary(
    gate: &Gate,
    started: Instant,
    policies: &Policies,
    unknown: &[u8],
    swaps: &[Swap],
    delivered: &[Delivered],
) -> Result<String> {
    let refused = delivered.iter().filter(|delivered| !delivered.refusals.is_empty());
    let refused = refused.count();
    ensure!(
        refused == 0,
        "{refused} deliveries were refused before they were acknowledged"
    );
    let first = revisions::Swap {
        digest: digest(policies.of(FIRST - 1)),
        begun: started,
        over: started,
    };
    let mut decided = vec![first];
    for swap in swaps {
        let digest = swap.revision["digest"].as_str().context("a digest")?.to_owned();
        let (begun, over) = (swap.begun, swap.over);
        decided.push(revisions::Swap { digest, begun, over });
    }
    let found = Found::read(|topic| gate.read(topic));
    let repeats = found.assert_all(delivered);
    ensure!(repeats == 0, "{repeats} outputs or dead letters came twice");
    found.assert_decided_by(delivered, &decided);
    let versions = Versions::new([unknown]);
    found
        .outputs
        .iter()
        .for_each(|output| versions.assert_one_policy(output));
    let [old, new] = versions.assert_each_accepts_its_own(&found.outputs);
    Ok(format!(
        "{} deliveries, one in twenty not valid: 0 refused, 0 lost, 0 repeats. Each output is valid for one policy, the one that \
         it names: {old} outputs of 1.1, {new} of 1.2.",
        delivered.len()
    ))
}

/// When the events that each policy decided on were acknowledged, in order.
fn acknowledged(gate: &Gate, names: &HashMap<&str, &Vec<Delivered>>) -> Result<HashMap<String, Vec<Instant>>> {
    let mut acknowledged: HashMap<String, Vec<Instant>> = HashMap::new();
    for output in gate.read("task-events.gated") {
        let (id, policy) = (output["id"].as_str().unwrap_or_default(), &output["policy"]);
        let (name, number) = id.split_once('-').context("an id")?;
        let (Some(delivered), Some(policy)) = (names.get(name), policy.as_str()) else {
            continue;
        };
        let taken = Delivered::find(delivered, number.parse()?)
            .context("nobody sent it")?
            .taken;
        acknowledged.entry(policy.to_owned()).or_default().push(taken);
    }
    for times in acknowledged.values_mut() {
        times.sort_unstable();
    }
    Ok(acknowledged)
}

/// When the first event was acknowledged that the policy of this swap decided on.
fn first_event(swap: &Swap, acknowledged: &HashMap<String, Vec<Instant>>) -> Option<Instant> {
    let times = acknowledged.get(swap.revision["digest"].as_str()?)?;
    let first = times.partition_point(|time| *time < swap.begun);
    times.get(first).copied()
}

const STEPS: [(&str, &str); 6] = [
    ("settle", "waits until the file does not change"),
    ("read", "reads it"),
    ("snapshot", "snapshot after `prepare`"),
    ("compile", "compiles"),
    ("load", "loads, with snapshot and compile"),
    ("self_test", "tries it on its own examples"),
];

fn times(swaps: &[Swap], acknowledged: &HashMap<String, Vec<Instant>>) {
    let names = ["in the cache", "compiled, under load", "compiled, hardly any load"];
    let row = |what: &str, cells: &[String]| println!("| {what} | {} |", cells.join(" | "));
    row("ms, median (most)", &names.map(str::to_owned));
    println!("|---|---:|---:|---:|");
    let cells = |value: &dyn Fn(&Swap) -> Option<Duration>| {
        names.map(|name| {
            let of_it = swaps.iter().filter(|swap| swap.name == name);
            Spread::of(of_it.filter_map(value).collect()).cell()
        })
    };
    let took = |swap: &Swap, step: &str| {
        let ms = swap.revision["took_ms"][step].as_f64();
        ms.map(|ms| Duration::from_secs_f64(ms / 1e3))
    };
    for (step, what) in STEPS {
        row(what, &cells(&|swap| took(swap, step)));
    }
    let all = |swap: &Swap| Some(first_event(swap, acknowledged)?.saturating_duration_since(swap.begun));
    row("**from the file to the first event**", &cells(&all));
    row(
        "the same without that wait",
        &cells(&|swap| Some(all(swap)?.saturating_sub(took(swap, "settle")?))),
    );
    println!();
}

/// Renames another policy over the file and waits until it decides; returns its entry in `/admin/revisions`.
async fn replace(gate: &Gate, policy: &[u8]) -> Result<Value> {
    gate.put(policy)?;
    let digest = digest(policy);
    gate.until_current(|current| current == digest).await
}

/// What the gate holds after swaps, and after many more.
async fn memory(gate: &Gate, policies: &Policies) -> Result<()> {
    let load = Deliveries::start(&gate.deliver(), Some(50.0), 2, |number| event(&format!("m-{number}")));
    let first = FIRST + SWAPS + 2;
    for number in first..first + BEFORE {
        replace(gate, policies.of(number)).await?;
    }
    let before = Held::by(gate)?;
    for number in first + BEFORE..first + BEFORE + LATER {
        replace(gate, policies.of(number)).await?;
    }
    let after = Held::by(gate)?;
    load.stop().await;
    println!("| after | resident memory, MiB | threads | open files |\n|---|---:|---:|---:|");
    println!("| {BEFORE} swaps | {before} |\n| {LATER} more | {after} |");
    Ok(())
}
