//! Several policies share the concurrency limit of one engine: none keeps another from being loaded or called.

use std::{fs, sync::Arc};

use rstest::rstest;
use tidegate_engine::{Context, Decision, Engine, Isolation, Options, Policy};
use tidegate_tests::{event, guest};

const LIMIT: u32 = 2;

async fn judge(policy: &Policy) {
    let now = Context::at("2026-03-01T09:30:00Z");
    let decided = policy.process(event("e-1").as_bytes(), &[], &now).await;
    assert_eq!(decided.expect("a decision").decision, Decision::Forward);
}

/// More calls at the same time than the limit allows.
async fn judge_many(policy: &Arc<Policy>) {
    let calls = (0..8).map(|_| {
        let policy = policy.clone();
        tokio::spawn(async move { judge(&policy).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.expect("no call panics");
    }
}

#[rstest]
#[case::fresh(Isolation::Fresh)]
#[case::reuse(Isolation::Reuse)]
#[tokio::test(flavor = "multi_thread")]
async fn policies_of_one_engine_do_not_block_each_other(#[case] isolation: Isolation) {
    let engine = Engine::new(Options {
        isolation,
        max_concurrent_calls: LIMIT,
        ..Options::default()
    });
    let engine = engine.expect("an engine");
    let mut policies = Vec::new();
    for name in ["calm", "calm-next", "drops-type", "calm"] {
        let bytes = fs::read(guest(name)).expect("readable");
        let policy = Arc::new(engine.load_in_background(&bytes).await.expect(name));
        judge_many(&policy).await;
        policies.push(policy);
    }
    for policy in policies {
        policy.self_test().await.expect("no fault");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_loaded_while_the_limit_is_reached() {
    let engine = Engine::new(Options {
        max_concurrent_calls: LIMIT,
        ..Options::default()
    });
    let engine = engine.expect("an engine");
    let bytes = fs::read(guest("calm")).expect("readable");
    let busy = Arc::new(engine.load(&bytes).await.expect("calm"));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let busy = busy.clone();
            tokio::spawn(async move {
                loop {
                    judge(&busy).await;
                }
            })
        })
        .collect();
    for _ in 0..5 {
        let bytes = fs::read(guest("calm-next")).expect("readable");
        let next = engine.load(&bytes).await.expect("it gets a permit too");
        judge(&next).await;
    }
    for caller in callers {
        assert!(!caller.is_finished(), "no call failed");
        caller.abort();
    }
}
