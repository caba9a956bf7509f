//! Policies that are made of files, each version a new one: the shop of `examples/orders`, and one of many types.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};
use tidegate_harness::{copy_dir, repository};
use tidegate_policies::source::{self, Source};

/// Rules that are added to the one of the example.
const RULES: &str = r#"        at: /data/total
      - { id: has-lines, expr: size(event.data.lines) > 0, message: an order has lines, at: /data/lines }
      - { id: few-of-each, expr: "event.data.lines.all(line, line.qty <= 1000)", message: at most 1000 of each, at: /data/lines }
"#;

/// Writes the shop in a version, with none of its rules or with three, over what was there.
pub(crate) fn write_shop(folder: &Path, version: u64, rules: bool) -> Result<()> {
    if !folder.is_dir() {
        copy_dir(&repository().join("examples/orders"), folder)?;
    }
    let text = fs::read_to_string(repository().join("examples/orders/policy.yaml"))?;
    let text = text.replace("version: 1.0.0", &format!("version: 1.0.{version}"));
    let text = if rules {
        text.replace("        at: /data/total\n", RULES)
    } else {
        let (before, rest) = text.split_once("    rules:").context("the example has rules")?;
        let (_, after) = rest.split_once("    drop:").context("and a drop rule behind them")?;
        format!("{before}    drop:{after}")
    };
    let new = folder.join(".policy");
    fs::write(&new, text)?;
    Ok(fs::rename(new, folder.join("policy.yaml"))?)
}

/// A folder as one document.
pub(crate) fn bundle(folder: &Path) -> Result<String> {
    let source = Source::of_folder(folder)?;
    Ok(source.bundle().context("a folder has a bundle")?.to_owned())
}

/// A folder as `tidegate build` makes a component of it.
pub(crate) fn component(folder: &Path) -> Result<Vec<u8>> {
    Ok(source::build(&bundle(folder)?, "orders", "1")?)
}

/// An order of version 1 with this id: it is migrated, and then the rules are asked.
pub(crate) fn order(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"order.placed","schemaVersion":"1","customerId":"c-1","occurredAt":"2026-03-01T09:30:00Z","data":{{"orderId":1,"total":24.90,"lines":[{{"sku":"tea","quantity":3}}]}}}}"#
    )
}

/// Writes a folder with so many types like an order, each in two versions.
pub(crate) fn write_many(folder: &Path, types: usize, version: u64) -> Result<()> {
    let orders = repository().join("examples/orders");
    fs::create_dir_all(folder)?;
    fs::copy(orders.join("common.json"), folder.join("common.json"))?;
    let schemas = ["1", "2"].map(|of| fs::read_to_string(orders.join(format!("order.placed/{of}.json"))));
    let [one, two] = schemas;
    let schemas = [("1", one?), ("2", two?)];
    let mut manifest = format!(
        "name: many\nversion: 1.0.{version}\nenvelope: {{ id: /id, type: /type, version: /schemaVersion, key: /customerId, time: /occurredAt, payload: /data }}\nevent_types:\n"
    );
    for number in 0..types {
        let name = format!("order.t{number}");
        fs::create_dir_all(folder.join(&name))?;
        for (of, schema) in &schemas {
            let schema = schema.replace("\"order.placed\"", &format!("{name:?}"));
            fs::write(folder.join(format!("{name}/{of}.json")), schema)?;
        }
        write!(
            manifest,
            r"  {name}:
    channel: orders
    versions: {{ 1: {name}/1.json, 2: {name}/2.json }}
    default_version: 1
    migrations:
      - from: 1
        to: 2
        do:
          - convert: {{ at: /data/total, from: number, to: decimal-string }}
          - add: {{ at: /data/currency, value: EUR, otherwise: reject }}
          - each: {{ at: /data/lines, do: [{{ rename: {{ from: /quantity, to: /qty }} }}] }}
    rules: [{{ id: total-positive, expr: decimal(event.data.total) > 0, message: total must be greater than 0, at: /data/total }}]
"
        )?;
    }
    Ok(fs::write(folder.join("policy.yaml"), manifest)?)
}
