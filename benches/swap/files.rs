//! Policies that are made of files and were never seen before, in the forms in which a gate takes them: how long until one decides under
//! load, what that costs the events meanwhile, and how soon a new gate is ready. It fails when something was compiled.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tidegate_tests::{Delivered, Deliveries};

use crate::{
    calls,
    figures::Spread,
    gate::{Gate, Topics},
    many,
    policies::{bundle, component, order, write_shop},
    rounds::Phase,
    table::Table,
};

const CONNECTIONS: usize = 8;
/// Deliveries a second.
const RATE: f64 = 500.0;
const SWAPS: u64 = 8;
/// How long a swap and what it costs is looked at, and how long it is looked at without one.
const WINDOW: Duration = Duration::from_secs(2);
const STARTS: u64 = 10;

/// How a new version comes.
#[derive(Clone, Copy)]
enum Form {
    Edited,
    Turned,
    Bundle,
    Component,
}

const FORMS: [(Form, &str); 4] = [
    (Form::Edited, "a folder, edited"),
    (Form::Turned, "a folder, its link turned"),
    (Form::Bundle, "a bundle in one file"),
    (Form::Component, "a built `.wasm`"),
];

/// Measures and prints.
pub(crate) async fn run(as_json: bool) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let dir = dir.path();
    let starts = starts(&dir.join("starts"))?;
    let mut swaps = Table::new(&[
        "under 500 deliveries a second; ms, median of 8",
        "rests",
        "loaded and proven",
        "self-test",
        "to the first event",
        "most",
        "without the rest",
        "p99 meanwhile",
        "p99 without",
        "ratio",
        "MiB above",
    ]);
    for (form, name) in FORMS {
        let figures = swaps_of(form, &dir.join(name.replace([' ', '`'], "-"))).await?;
        swaps.row(name, &figures);
    }
    let many = many::measure(&dir.join("many-types")).await?;
    let calls = Box::pin(calls::measure(&dir.join("calls"))).await?;
    if as_json {
        let all = json!({ "starts": starts.json(), "swaps": swaps.json(), "many": many.json(), "calls": calls.json() });
        println!("{all:#}");
    } else {
        [starts, swaps, many, calls].iter().for_each(Table::print);
        println!("No compiler was started.");
    }
    Ok(())
}

/// From the start of the process to ready, each time with nothing in the cache.
fn starts(dir: &Path) -> Result<Table> {
    let mut took = Vec::new();
    for number in 0..STARTS {
        let dir = dir.join(number.to_string());
        fs::create_dir_all(&dir)?;
        write_shop(&dir.join("shop"), number, true)?;
        took.push(Gate::start(&dir, &dir.join("shop"), Topics::Orders)?.started_in);
    }
    let took = Spread::of(took);
    let mut table = Table::new(&["the first start, ms", "least", "median", "most"]);
    let figures = [took.least(), took.at(0.5), took.most()].map(|time| time.as_secs_f64() * 1e3);
    table.row("from the start of the process to ready", &figures);
    Ok(table)
}

/// A version that waits beside the policy until its turn.
struct Next {
    folder: PathBuf,
    bytes: Vec<u8>,
}

impl Form {
    fn prepare(self, dir: &Path, version: u64) -> Result<Next> {
        let folder = dir.join(format!("v{version}"));
        write_shop(&folder, version, true)?;
        let bytes = match self {
            Self::Edited | Self::Turned => Vec::new(),
            Self::Bundle => bundle(&folder)?.into_bytes(),
            Self::Component => component(&folder)?,
        };
        Ok(Next { folder, bytes })
    }

    fn path(dir: &Path) -> PathBuf {
        dir.join("policy")
    }

    /// Puts a version in place.
    fn put(self, dir: &Path, next: &Next, version: u64) -> Result<()> {
        let (path, new) = (Self::path(dir), dir.join("policy.new"));
        match self {
            Self::Edited => return write_shop(&path, version, true),
            Self::Turned => symlink(&next.folder, &new)?,
            Self::Bundle | Self::Component => fs::write(&new, &next.bytes)?,
        }
        Ok(fs::rename(new, path)?)
    }
}

struct Swap {
    begun: Instant,
    revision: Value,
    above: f64,
}

async fn swaps_of(form: Form, dir: &Path) -> Result<Vec<f64>> {
    fs::create_dir_all(dir)?;
    let mut versions = Vec::new();
    for version in 0..=SWAPS {
        versions.push(form.prepare(dir, version)?);
    }
    form.put(dir, &versions[0], 0)?;
    let gate = Gate::start(dir, &Form::path(dir), Topics::Orders)?;
    let mut digest = gate.until_current(|_| true).await?["digest"].clone();
    let load = Deliveries::start(&gate.deliver(), Some(RATE), CONNECTIONS, |number| {
        order(&format!("e-{number}"))
    });
    tokio::time::sleep(WINDOW).await;
    let (mut during, mut without) = (Phase::new("swap"), Phase::new("no swap"));
    let mut swaps = Vec::new();
    for (version, next) in (1..).zip(&versions[1..]) {
        let held = gate.forget_peak()?;
        let begun = Instant::now();
        form.put(dir, next, version)?;
        let revision = gate.until_current(|current| digest != current).await?;
        digest = revision["digest"].clone();
        tokio::time::sleep_until((begun + WINDOW).into()).await;
        during.add(begun..Instant::now());
        let above = gate.peak()?.saturating_sub(held);
        #[allow(clippy::cast_precision_loss, reason = "far fewer bytes than 2^52")]
        swaps.push(Swap {
            begun,
            revision,
            above: above as f64 / f64::from(1 << 20),
        });
        let over = Instant::now();
        tokio::time::sleep(WINDOW).await;
        without.add(over..Instant::now());
    }
    let delivered = load.stop().await;
    ensure!(
        delivered.iter().all(|one| one.refusals.is_empty()),
        "a delivery was refused before it was acknowledged"
    );
    let firsts = first_events(&gate, &delivered);
    figures(&swaps, &firsts, &during, &without, &delivered)
}

/// When the first event of each policy was acknowledged, by its digest.
fn first_events(gate: &Gate, delivered: &[Delivered]) -> HashMap<String, Instant> {
    let mut firsts: HashMap<String, Instant> = HashMap::new();
    for output in gate.read("orders") {
        let number = output["id"].as_str().and_then(|id| id.split_once("e-")?.1.parse().ok());
        let found = number.and_then(|number| Delivered::find(delivered, number));
        if let (Some(found), Some(policy)) = (found, output["policy"].as_str()) {
            let first = firsts.entry(policy.to_owned()).or_insert(found.taken);
            *first = found.taken.min(*first);
        }
    }
    firsts
}

fn figures(
    swaps: &[Swap],
    firsts: &HashMap<String, Instant>,
    during: &Phase,
    without: &Phase,
    delivered: &[Delivered],
) -> Result<Vec<f64>> {
    let took = |swap: &Swap, step: &str| {
        let ms = swap.revision["took_ms"][step].as_f64();
        Duration::from_secs_f64(ms.unwrap_or_default() / 1e3)
    };
    let (mut firsts_after, mut without_rest) = (Vec::new(), Vec::new());
    for swap in swaps {
        let revision = &swap.revision;
        let compiled = ["snapshot", "compile"].map(|step| !revision["took_ms"][step].is_null());
        ensure!(compiled == [false; 2], "something was compiled: {revision:#}");
        let first = revision["digest"].as_str().and_then(|digest| firsts.get(digest));
        let Some(first) = first else {
            anyhow::bail!("it decided on nothing: {revision:#}");
        };
        let after = first.saturating_duration_since(swap.begun);
        firsts_after.push(after);
        without_rest.push(after.saturating_sub(took(swap, "settle")));
    }
    let median = |times: Vec<Duration>| Spread::of(times).at(0.5).as_secs_f64() * 1e3;
    let of_step = |step: &str| median(swaps.iter().map(|swap| took(swap, step)).collect());
    let most = firsts_after.iter().max().copied().unwrap_or_default();
    let p99 = |phase: &Phase| phase.p99s(delivered).at(0.5).as_secs_f64() * 1e3;
    let above = swaps.iter().map(|swap| swap.above).fold(0.0, f64::max);
    Ok(vec![
        of_step("settle"),
        of_step("load"),
        of_step("self_test"),
        median(firsts_after),
        most.as_secs_f64() * 1e3,
        median(without_rest),
        p99(during),
        p99(without),
        p99(during) / p99(without),
        above,
    ])
}
