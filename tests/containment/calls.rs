//! Policies that pass their self-test and do harm when an event comes.

use std::time::Duration;

use rstest::rstest;
use tidegate_engine::{FaultKind, Isolation, Limits};
use tidegate_tests::event;

use super::given::{assert_serves, engine, engine_within, judge, load};

#[rstest]
#[case::loops("loops", FaultKind::Deadline)]
#[case::never_yields("never-yields", FaultKind::Deadline)]
#[case::recurses("recurses", FaultKind::Stack)]
#[case::eats_memory("eats-memory", FaultKind::Memory)]
#[case::grows_memory("grows-memory", FaultKind::Deadline)]
#[case::floods("floods", FaultKind::Output)]
#[case::not_utf8("not-utf8", FaultKind::Answer)]
#[case::wild_pointer("wild-pointer", FaultKind::Answer)]
#[case::no_such_case("no-such-case", FaultKind::Answer)]
#[case::asks_the_time("asks-the-time", FaultKind::Deadline)]
#[case::talks("talks", FaultKind::Deadline)]
#[case::exits("exits", FaultKind::Trap)]
#[case::waits("waits", FaultKind::Deadline)]
#[case::measures_time("measures-time", FaultKind::Deadline)]
#[case::hoards_handles("hoards-handles", FaultKind::Memory)]
#[case::asks_for_randomness("asks-for-randomness", FaultKind::Answer)]
#[tokio::test]
async fn harm_is_a_fault_of_its_kind_and_others_are_served(
    #[case] name: &str,
    #[case] kind: FaultKind,
    #[values(Isolation::Fresh, Isolation::Reuse)] isolation: Isolation,
) {
    // On a busy machine, what has nothing to do with time must not end by it.
    let deadline = match kind {
        FaultKind::Deadline => Limits::default().deadline,
        _ => Duration::from_mins(1),
    };
    let engine = engine_within(
        isolation,
        Limits {
            deadline,
            ..Limits::default()
        },
    );
    let (hostile, neighbour) = (load(&engine, name).await, load(&engine, "calm").await);
    assert!(
        hostile.self_test().await.expect("no fault").passed(),
        "it behaves while it is tested"
    );
    for _ in 0..3 {
        let fault = judge(&hostile, &event("e-1")).await.expect_err("a fault");
        assert_eq!(fault.kind, kind, "{fault:?}");
        assert_serves(&neighbour).await;
    }
    // The next call of the same policy meets nothing that the fault left behind.
    let accepted = hostile.validate(event("e-2").as_bytes(), &[]).await.expect("no fault");
    assert_eq!(accepted.expect("valid").event_id, "e-2");
}

#[tokio::test]
async fn a_policy_sees_nothing_of_the_world() {
    let policy = load(&engine(Isolation::Fresh), "looks-around").await;
    let decided = judge(&policy, &event("e-1")).await.expect("a decision");
    insta::assert_snapshot!(decided.key.expect("what it sees"));
}

#[tokio::test]
async fn what_a_policy_draws_is_the_same_in_every_instance() {
    let policy = load(&engine(Isolation::Fresh), "looks-around").await;
    let first = judge(&policy, &event("e-1")).await.expect("a decision");
    let second = judge(&policy, &event("e-2")).await.expect("a decision");
    assert_eq!(first.key, second.key);
}

#[tokio::test]
async fn some_events_trap_and_the_others_get_their_decisions() {
    for isolation in [Isolation::Fresh, Isolation::Reuse] {
        let policy = load(&engine(isolation), "traps-at-random").await;
        let mut trapped = 0;
        for number in 0..300 {
            let id = format!("e-{number}");
            match judge(&policy, &event(&id)).await {
                Ok(decided) => assert_eq!(decided.event_id, Some(id)),
                Err(fault) => {
                    assert_eq!(fault.kind, FaultKind::Trap, "{fault:?}");
                    trapped += 1;
                }
            }
        }
        assert!((50..250).contains(&trapped), "{trapped} of 300 trapped");
    }
}

#[tokio::test]
async fn a_call_after_a_long_silence_has_its_deadline() {
    let engine = engine(Isolation::Fresh);
    let policy = load(&engine, "loops").await;
    // The clock of the engine rests by now.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let fault = judge(&policy, &event("e-1")).await.expect_err("it loops");
    assert_eq!(fault.kind, FaultKind::Deadline);
}
