//! Files that are not loaded: each with the reason, by name, as people read it.

use rstest::rstest;
use tidegate_engine::{Isolation, LoadError};

use super::given::{another_contract, assert_serves, bytes, engine, load, refused, renamed};

/// `calm` with another name in place of one.
fn calm(from: &str, to: &str) -> Vec<u8> {
    renamed(&bytes("calm"), from, to)
}

/// A core module that does nothing.
const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";

#[rstest]
#[case::garbage("garbage", b"\xde\xad\xbe\xef garbage".to_vec())]
#[case::empty("empty", Vec::new())]
#[case::core_module("core-module", CORE_MODULE.to_vec())]
#[case::files("files", bytes("reads-files"))]
#[case::sockets("sockets", bytes("opens-sockets"))]
#[case::another_contract("another-contract", another_contract())]
#[case::missing_interface("missing-interface", calm("tidegate:policy/json@", "tidegate:policy/jsan@"))]
#[case::missing_function("missing-function", calm("schedule-for", "schedule-far"))]
#[case::missing_prepare("missing-prepare", calm("prepare", "propere"))]
#[case::other_types("other-types", calm("event-version", "event-varsion"))]
#[case::traps_in_prepare("traps-in-prepare", bytes("traps-in-prepare"))]
#[case::fills_in_prepare("fills-in-prepare", bytes("fills-in-prepare"))]
#[case::floods_catalog("floods-catalog", bytes("floods-catalog"))]
#[tokio::test]
async fn what_cannot_be_loaded_says_why(#[case] name: &str, #[case] file: Vec<u8>) {
    let engine = engine(Isolation::Fresh);
    let neighbour = load(&engine, "calm").await;
    let (_, why) = refused(&engine, &file).await;
    insta::assert_snapshot!(name, why);
    assert_serves(&neighbour).await;
}

/// The one that takes all the time that `prepare` has.
#[tokio::test]
async fn a_policy_that_is_never_prepared_is_refused() {
    let engine = engine(Isolation::Fresh);
    let (error, _) = refused(&engine, &bytes("loops-in-prepare")).await;
    assert!(matches!(error, LoadError::PrepareTimeout { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_is_cut_anywhere_is_refused() {
    let engine = engine(Isolation::Fresh);
    let whole = bytes("calm");
    for part in 0..64 {
        let cut = whole.len() * part / 64;
        let error = engine.load(&whole[..cut]).await.expect_err("refused");
        assert!(!matches!(error, LoadError::Panicked(_)), "cut at {cut}: {error}");
    }
    assert_serves(&load(&engine, "calm").await).await;
}

#[tokio::test]
async fn a_file_with_flipped_bits_never_brings_the_engine_down() {
    let engine = engine(Isolation::Fresh);
    let whole = bytes("calm");
    for part in 0..48 {
        let mut damaged = whole.clone();
        damaged[whole.len() * part / 48 + 8] ^= 0x55;
        // One that happens to be a good component is loaded: only what it does counts then.
        if let Err(error) = engine.load(&damaged).await {
            assert!(
                !matches!(error, LoadError::Panicked(_)),
                "flipped in part {part}: {error}"
            );
        }
    }
    assert_serves(&load(&engine, "calm").await).await;
}

#[tokio::test]
async fn a_policy_that_cannot_judge_its_own_examples_is_found_out() {
    let policy = load(&engine(Isolation::Fresh), "traps").await;
    let fault = policy.self_test().await.expect_err("a fault");
    assert_eq!(fault.function, "process", "{fault}");
}
