//! A policy of 500 types in two versions: from the change of its file until it decides, and what an instance holds.

use std::{fs, path::Path, time::Instant};

use anyhow::Result;
use tidegate_engine::{Engine, Options};
use tidegate_policies::source::{Source, SourceLoader};

use crate::{
    gate::{Gate, Topics},
    policies::{bundle, write_many},
    table::Table,
};

const TYPES: usize = 500;
/// Versions that follow each other.
const SWAPS: u64 = 5;

/// Measures a gate in a directory.
pub(crate) async fn measure(dir: &Path) -> Result<Table> {
    let folder = dir.join("many");
    let file = dir.join("many.json");
    write_many(&folder, TYPES, 0)?;
    let first = bundle(&folder)?;
    fs::write(&file, &first)?;
    let mib = mib_an_instance(first.into_bytes()).await?;
    let gate = Gate::start(&dir.join("gate"), &file, Topics::Orders)?;
    let mut before = gate.until_current(|_| true).await?;
    let mut table = Table::new(&[
        "500 types in two versions, a bundle, ms",
        "rests",
        "read",
        "loaded and proven",
        "self-test",
        "from the change to current",
        "the same without the rest",
        "MiB an instance",
    ]);
    for version in 1..=SWAPS {
        write_many(&folder, TYPES, version)?;
        let next = bundle(&folder)?;
        let begun = Instant::now();
        gate.put(next.as_bytes())?;
        let now = gate.until_current(|current| before["digest"] != current).await?;
        let all = begun.elapsed().as_secs_f64() * 1e3;
        let took = |step: &str| now["took_ms"][step].as_f64().unwrap_or_default();
        let settle = took("settle");
        table.row(
            format!("version {version}"),
            &[
                settle,
                took("read"),
                took("load"),
                took("self_test"),
                all,
                all - settle,
                mib,
            ],
        );
        before = now;
    }
    Ok(table)
}

#[allow(clippy::cast_precision_loss, reason = "far fewer bytes than 2^52")]
async fn mib_an_instance(bundle: Vec<u8>) -> Result<f64> {
    let loader = SourceLoader::new(Engine::new(Options::default())?);
    let policy = loader.load(&Source::of_file(bundle)?).await?;
    Ok(policy.load_report().instance_bytes as f64 / f64::from(1 << 20))
}
