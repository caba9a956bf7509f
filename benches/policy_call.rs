//! What a policy call costs: native Rust, a reused instance and a fresh one, side by side in one run.
//!
//! `cargo xtask bench` runs it with the policy in `dist/`; by hand: `TIDEGATE_POLICY=dist/policy.wasm cargo bench`.
#![allow(missing_docs, reason = "criterion's macros write functions without documentation")]

use std::{env, fs, hint::black_box, path::PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use tidegate_benches::{INVALID, NOW, OLD};
use tidegate_engine::{Context, Engine, Isolation, Options, Policy};
use tokio::runtime::Runtime;

criterion_group!(benches, policy_call);
criterion_main!(benches);

fn policy_call(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let reused = load(&runtime, Isolation::Reuse);
    let fresh = load(&runtime, Isolation::Fresh);
    let context = Context::at(NOW);
    let native_context = tidegate_policy::Context {
        now: NOW.to_owned(),
        target_version: None,
        handed_back: false,
    };

    for (name, event) in [("process", OLD), ("invalid", INVALID)] {
        let event = event.as_bytes();
        let mut group = criterion.benchmark_group(name);
        group.bench_function("native", |bench| {
            bench.iter(|| tidegate_policy::process(black_box(event), &[], &native_context));
        });
        for (isolation, policy) in [("reused", &reused), ("fresh", &fresh)] {
            group.bench_function(isolation, |bench| {
                bench
                    .to_async(&runtime)
                    .iter(|| policy.process(black_box(event), &[], &context));
            });
        }
        group.finish();
    }

    let event = OLD.as_bytes();
    let mut group = criterion.benchmark_group("validate");
    group.bench_function("native", |bench| {
        bench.iter(|| tidegate_policy::validate(black_box(event), &[]));
    });
    for (isolation, policy) in [("reused", &reused), ("fresh", &fresh)] {
        group.bench_function(isolation, |bench| {
            bench.to_async(&runtime).iter(|| policy.validate(black_box(event), &[]));
        });
    }
    group.finish();
}

/// Loads the policy and makes sure that it does what is measured.
fn load(runtime: &Runtime, isolation: Isolation) -> Policy {
    let options = Options {
        isolation,
        ..Options::default()
    };
    let bytes = fs::read(policy_path()).expect("the policy; `cargo xtask build` makes it");
    runtime.block_on(async {
        let engine = Engine::new(options).expect("an engine");
        let policy = engine.load(&bytes).await.expect("a policy");
        let decided = policy.process(OLD.as_bytes(), &[], &Context::at(NOW)).await;
        let sent = decided.expect("a decision").outputs;
        let migrated = sent[0].event.as_deref().expect("another version");
        assert!(migrated.contains(r#""new_field":null"#), "{migrated}");
        policy
    })
}

fn policy_path() -> PathBuf {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/policy.wasm");
    env::var_os("TIDEGATE_POLICY").map_or_else(|| built.into(), PathBuf::from)
}
