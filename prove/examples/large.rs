//! How long the proof of a large folder takes: of so many types like `order.placed` of `examples/orders`, in so many versions each, with
//! so many events of each.
//!
//! ```sh
//! cargo run --release -p tidegate-prove --example large -- 500 2 1000
//! ```

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{Write as _, stdout},
    path::Path,
    time::Instant,
};

use anyhow::Context as _;
use tidegate_prove::{Settings, prove_folder};

const GENERAL: &str = "name: large
version: 1
envelope: { id: /id, type: /type, version: /schemaVersion, key: /customerId, time: /occurredAt, payload: /data }
cloudevents: { id: id, type: type, version: dataversion, key: subject, time: time, payload: data }
rules: [{ id: total-bounded, expr: decimal(event.data.total) > -1000, message: the total is too small, at: /data/total }]
event_types:
";

const FIRST_MIGRATION: &str = "      - from: 1
        to: 2
        do:
          - convert: { at: /data/total, from: number, to: decimal-string }
          - add: { at: /data/currency, value: EUR, otherwise: reject }
          - each: { at: /data/lines, do: [{ rename: { from: /quantity, to: /qty } }] }
";

fn main() -> anyhow::Result<()> {
    let argument = |at: usize, otherwise: usize| env::args().nth(at).map_or(Ok(otherwise), |text| text.parse());
    let (types, versions, events) = (argument(1, 500)?, argument(2, 2)?, argument(3, 1000)?);
    let folder = tempfile::tempdir()?;
    write_folder(folder.path(), types, versions)?;
    let started = Instant::now();
    tidegate_folder::check(folder.path())?;
    let checked = started.elapsed();
    let settings = Settings {
        events,
        ..Settings::default()
    };
    let proof = prove_folder(folder.path(), &settings, |_| {})?;
    let made: usize = proof.versions.iter().map(|version| version.events).sum();
    let took = started.elapsed().saturating_sub(checked);
    writeln!(
        stdout(),
        "checked in {checked:.1?}, proved with {made} events in {took:.1?}"
    )?;
    Ok(())
}

fn write_folder(folder: &Path, types: usize, versions: usize) -> anyhow::Result<()> {
    let orders = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/orders");
    let read = |file: &str| fs::read_to_string(orders.join(file)).with_context(|| file.to_owned());
    fs::write(folder.join("common.json"), read("common.json")?)?;
    let schemas = [read("order.placed/1.json")?, read("order.placed/2.json")?];
    let mut manifest = GENERAL.to_owned();
    for at in 0..types {
        let name = format!("order.kind-{at}");
        fs::create_dir(folder.join(&name))?;
        writeln!(
            manifest,
            "  {name}:\n    channel: orders\n    default_version: 1\n    versions:"
        )?;
        for version in 1..=versions {
            let (old, schema) = if version == 1 {
                (1, &schemas[0])
            } else {
                (2, &schemas[1])
            };
            let stated = |version: usize| format!("\"schemaVersion\": \"{version}\"");
            let schema = schema
                .replace("order.placed", &name)
                .replace(&stated(old), &stated(version));
            fs::write(folder.join(format!("{name}/{version}.json")), schema)?;
            writeln!(manifest, "      {version}: {name}/{version}.json")?;
        }
        write!(manifest, "    migrations:\n{FIRST_MIGRATION}")?;
        for version in 3..=versions {
            writeln!(manifest, "      - {{ from: {}, to: {version}, do: [] }}", version - 1)?;
        }
    }
    fs::write(folder.join("policy.yaml"), manifest)?;
    Ok(())
}
