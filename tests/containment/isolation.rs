//! What one event leaves behind for the next: nothing, unless the configuration allows it.

use std::time::Duration;

use tidegate_engine::{FaultKind, Isolation, Limits};
use tidegate_tests::event;

use super::given::{engine, engine_within, judge, load};

/// An event that the policy `remembers` traps on.
fn trap(id: &str) -> String {
    event(id).replace(r#""title""#, r#""trap":true,"title""#)
}

#[tokio::test]
async fn in_fresh_isolation_nothing_of_an_event_is_seen_by_the_next() {
    let policy = load(&engine(Isolation::Fresh), "remembers").await;
    for number in 0..20 {
        let decided = judge(&policy, &event(&format!("e-{number}")))
            .await
            .expect("a decision");
        assert_eq!(decided.key.as_deref(), Some(""), "it remembers an event");
    }
}

#[tokio::test]
async fn in_reuse_an_event_can_be_seen_by_the_next() {
    let policy = load(&engine(Isolation::Reuse), "remembers").await;
    let first = judge(&policy, &event("e-1")).await.expect("a decision");
    assert_eq!(first.key.as_deref(), Some(""));
    let second = judge(&policy, &event("e-2")).await.expect("a decision");
    assert_eq!(second.key, Some(event("e-1")), "this is what `reuse` gives up");
}

#[tokio::test]
async fn an_instance_that_trapped_is_never_used_again() {
    let policy = load(&engine(Isolation::Reuse), "remembers").await;
    for round in 0..10 {
        judge(&policy, &event("before")).await.expect("a decision");
        let fault = judge(&policy, &trap("e-1")).await.expect_err("a fault");
        assert_eq!(fault.kind, FaultKind::Trap);
        let after = judge(&policy, &event("after")).await.expect("a decision");
        assert_eq!(
            after.key.as_deref(),
            Some(""),
            "round {round}: an instance that trapped was used again"
        );
        // From here on the new instance remembers: it is not that nothing is kept.
        let next = judge(&policy, &event("next")).await.expect("a decision");
        assert_eq!(next.key, Some(event("after")));
        let last = judge(&policy, &trap("e-2")).await.expect_err("a fault");
        assert_eq!(last.kind, FaultKind::Trap);
    }
}

#[tokio::test]
async fn an_abandoned_call_leaves_no_instance_behind() {
    let limits = Limits {
        deadline: Duration::from_mins(1),
        ..Limits::default()
    };
    let policy = load(&engine_within(Isolation::Reuse, limits), "remembers").await;
    judge(&policy, &event("kept")).await.expect("a decision");
    let text = event("abandoned").replace(r#""title""#, r#""spin":true,"title""#);
    {
        // It takes the instance that remembers, writes into it, and has no end.
        let mut call = std::pin::pin!(judge(&policy, &text));
        for _ in 0..10 {
            assert!(futures::poll!(call.as_mut()).is_pending(), "it is in progress");
        }
    }
    let after = judge(&policy, &event("after")).await.expect("a decision");
    assert_eq!(
        after.key.as_deref(),
        Some(""),
        "the instance of the abandoned call was used again"
    );
    let next = judge(&policy, &event("next")).await.expect("a decision");
    assert_eq!(next.key, Some(event("after")), "it is not that nothing is kept");
}
