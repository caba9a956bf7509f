//! One call of policies that are made of files, beside one that is compiled: natively, and in an instance that is used again. The ways
//! take turns, so that all meet whatever else the machine does.

use std::{fs, hint::black_box, path::Path, time::Instant};

use anyhow::Result;
use tidegate_benches::{NOW, OLD};
use tidegate_engine::{Context, Engine, Isolation, Options, Policy};
use tidegate_harness::repository;
use tidegate_policies::source::{Source, SourceLoader};
use tidegate_tests::revisions::builtin;

use crate::{
    policies::{order, write_shop},
    table::Table,
};

const ROUNDS: usize = 15;
const CALLS: u32 = 2_000;

struct Case {
    name: &'static str,
    event: String,
    native: tidegate_policy::Policy,
    reused: Policy,
    /// Microseconds of each round.
    took: [Vec<f64>; 2],
}

/// Measures; a directory holds the folders.
pub(crate) async fn measure(dir: &Path) -> Result<Table> {
    let engine = Engine::new(Options {
        isolation: Isolation::Reuse,
        ..Options::default()
    })?;
    let loader = SourceLoader::new(engine.clone());
    let of_folder = async |name, event: &str, folder: &Path| -> Result<Case> {
        let source = Source::of_folder(folder)?;
        Ok(Case {
            name,
            event: event.to_owned(),
            native: tidegate_policy::Policy::of_files(source.bundle().unwrap_or_default())?,
            reused: loader.load(&source).await?,
            took: Default::default(),
        })
    };
    let bundle = tidegate_policy::Bundle::builtin();
    let compiled = Case {
        name: "tasks, compiled",
        event: OLD.to_owned(),
        native: tidegate_policy::Policy::new(&bundle, tidegate_policy::Code::default())?,
        reused: engine.load(&builtin()).await?,
        took: Default::default(),
    };
    let (without, three) = (dir.join("without"), dir.join("three"));
    fs::create_dir_all(dir)?;
    write_shop(&without, 0, false)?;
    write_shop(&three, 0, true)?;
    let order = order("o-1");
    let mut cases = [
        compiled,
        of_folder("tasks, made of files", OLD, &repository().join("schemas")).await?,
        of_folder("orders, no rules", &order, &without).await?,
        of_folder("orders, three rules", &order, &three).await?,
    ];
    let context = Context::at(NOW);
    let native_context = tidegate_policy::Context {
        now: NOW.to_owned(),
        target_version: None,
        handed_back: false,
    };
    for _ in 0..ROUNDS {
        for case in &mut cases {
            let event = case.event.as_bytes();
            let started = Instant::now();
            for _ in 0..CALLS {
                black_box(case.native.process(black_box(event), &[], &native_context));
            }
            case.took[0].push(started.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS));
            let started = Instant::now();
            for _ in 0..CALLS {
                black_box(case.reused.process(black_box(event), &[], &context).await?);
            }
            case.took[1].push(started.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS));
        }
    }
    Ok(table(&mut cases))
}

fn table(cases: &mut [Case; 4]) -> Table {
    let medians = cases.each_mut().map(|case| {
        case.took.each_mut().map(|took| {
            took.sort_unstable_by(f64::total_cmp);
            took[took.len() / 2]
        })
    });
    let mut table = Table::new(&[
        "`process`, µs (median of rounds)",
        "native",
        "reused",
        "native ÷ compiled tasks",
        "reused ÷ compiled tasks",
        "native ÷ no rules",
        "reused ÷ no rules",
    ]);
    let [[native, reused], _, [native_without, reused_without], _] = medians;
    for (case, [one, other]) in cases.iter().zip(medians) {
        let ratios = [
            one / native,
            other / reused,
            one / native_without,
            other / reused_without,
        ];
        table.row(case.name, &[&[one, other][..], &ratios].concat());
    }
    table
}
