//! What the tests of hostile policies have in common: engines, policies on them, and the results of calls.

use std::{fs, path::Path};

use tidegate_engine::{CallError, Context, Decided, Engine, Fault, Isolation, Limits, LoadError, Options, Policy};
use tidegate_tests::{event, guest};

/// An engine that keeps what it compiles with that of the other tests.
pub(crate) fn engine(isolation: Isolation) -> Engine {
    engine_within(isolation, Limits::default())
}

pub(crate) fn engine_within(isolation: Isolation, limits: Limits) -> Engine {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-cache");
    Engine::new(Options {
        limits,
        isolation,
        cache_dir: Some(cache),
        ..Options::default()
    })
    .expect("an engine")
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    fs::read(guest(name)).expect("a readable policy")
}

/// A file in which one name is replaced by another of the same length, wherever it is.
pub(crate) fn renamed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "a name's length stands before it");
    let mut renamed = bytes.to_vec();
    let offsets: Vec<_> = (0..=bytes.len() - from.len())
        .filter(|&offset| bytes[offset..].starts_with(from.as_bytes()))
        .collect();
    assert!(!offsets.is_empty(), "{from} is not in the file");
    for offset in offsets {
        renamed[offset..offset + to.len()].copy_from_slice(to.as_bytes());
    }
    renamed
}

/// `calm` as it would be for a later contract.
pub(crate) fn another_contract() -> Vec<u8> {
    let interfaces = ["validation", "migration", "retry", "gate", "json"];
    interfaces.iter().fold(bytes("calm"), |file, interface| {
        let name = |version| format!("tidegate:policy/{interface}@{version}");
        renamed(&file, &name("0.2.0"), &name("0.3.0"))
    })
}

pub(crate) async fn load(engine: &Engine, name: &str) -> Policy {
    engine.load(&bytes(name)).await.expect("the policy loads")
}

/// Why a policy is not loaded: the error and what is behind it.
pub(crate) async fn refused(engine: &Engine, bytes: &[u8]) -> (LoadError, String) {
    let error = engine.load(bytes).await.expect_err("refused");
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(source) = cause {
        text = format!("{text}\n- {source}");
        cause = source.source();
    }
    (error, text)
}

pub(crate) async fn judge(policy: &Policy, event: &str) -> Result<Decided, Fault> {
    let context = Context::at("2026-03-01T09:30:00Z");
    match policy.process(event.as_bytes(), &[], &context).await {
        Ok(decided) => Ok(decided),
        Err(CallError::Fault(fault)) => Err(fault),
        Err(CallError::NotATime(now)) => panic!("{now:?}"),
    }
}

/// That a policy judges an event as it should.
pub(crate) async fn assert_serves(policy: &Policy) {
    let decided = judge(policy, &event("e-1")).await.expect("a decision");
    assert_eq!(decided.event_id.as_deref(), Some("e-1"));
}
