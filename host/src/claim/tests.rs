//! Claims on a real data file: who may go on with an event, from its first delivery to the end of its claim.

use tempfile::TempDir;

use super::{Arc, Claim, Claims, Delivery, Duration, Failure, AcquiredClaim, Origin, config, key};
use crate::{delivery::Source, scheduled_retry::DeadLetterReason, local::Db};

/// A data file, and gates on it.
struct Store {
    dir: TempDir,
}

/// A lease that has ended as soon as it is made.
const NONE: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_mins(10);

impl Store {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self { dir }
    }

    fn gate(&self, lease: Duration) -> Claims {
        self.gate_with(lease, LONG, false)
    }

    fn gate_with(&self, lease: Duration, keep: Duration, is_alone: bool) -> Claims {
        let db = Db::open(&self.dir.path().join("events.db")).expect("a data file");
        Claims::new(Arc::new(db), config::Claims { lease, keep }, is_alone)
    }
}

fn delivery(event: &str) -> Delivery {
    Delivery::new(
        event.to_owned().into(),
        Source::topic("t"),
        "2026-03-01T09:30:00Z".to_owned(),
    )
}

/// The same in the turn in which it comes back.
fn in_turn(event: &str, turn: u32) -> Delivery {
    let mut delivery = delivery(event);
    delivery.history.turn = turn;
    delivery
}

async fn claim(claims: &Claims, delivery: &Delivery) -> Claim {
    claims.claim("e-1", delivery).await.expect("the store works")
}

async fn mine(claims: &Claims, delivery: &Delivery) -> AcquiredClaim {
    match claim(claims, delivery).await {
        Claim::Acquired(held) => *held,
        other => panic!("not this gate's: {other:?}"),
    }
}

#[tokio::test]
async fn one_gate_goes_on_with_an_event_and_a_repeat_of_a_finished_one_is_known() {
    let store = Store::new();
    let (one, two) = (store.gate(LONG), store.gate(LONG));
    let held = mine(&one, &delivery("a")).await;
    for gate in [&one, &two] {
        let Claim::InProgress(left) = claim(gate, &delivery("a")).await else {
            panic!("two go on with it");
        };
        assert!(left > NONE && left <= LONG);
    }
    one.done(&held).await.expect("the store works");
    assert!(matches!(claim(&two, &delivery("a")).await, Claim::Done));
}

#[tokio::test]
async fn another_event_with_the_id_is_a_conflict_before_and_after_the_end() {
    let gate = Store::new().gate(LONG);
    let held = mine(&gate, &delivery("a")).await;
    assert!(matches!(claim(&gate, &delivery("b")).await, Claim::Conflict));
    gate.done(&held).await.expect("the store works");
    assert!(matches!(claim(&gate, &delivery("b")).await, Claim::Conflict));
    assert!(matches!(claim(&gate, &delivery("a")).await, Claim::Done));
}

#[tokio::test]
async fn a_claim_that_was_released_is_free() {
    let store = Store::new();
    let (one, two) = (store.gate(LONG), store.gate(LONG));
    let held = mine(&one, &delivery("a")).await;
    one.release(&held).await.expect("the store works");
    mine(&two, &delivery("a")).await;
}

#[tokio::test]
async fn an_ended_lease_is_taken_over_and_what_the_slow_one_marks_then_counts_for_nothing() {
    let store = Store::new();
    let (slow, next) = (store.gate(NONE), store.gate(LONG));
    let mut old = mine(&slow, &delivery("a")).await;
    let mut later = delivery("a");
    later.at = "2026-03-01T10:00:00Z".to_owned();
    let held = mine(&next, &later).await;
    assert_eq!(
        held.judged_at(&later),
        Some("2026-03-01T09:30:00Z"),
        "judged by the time of the first"
    );
    assert_eq!(held.judged_at(&delivery("a")), None);

    slow.done(&old).await.expect("a conflict is no error");
    assert!(matches!(claim(&next, &delivery("a")).await, Claim::InProgress(_)));
    let gave_up = slow.give_up(&mut old, &failure()).await.expect("the store works");
    assert!(!gave_up, "it is the next one's to give up");
}

#[tokio::test]
async fn whoever_takes_over_what_is_given_up_gives_it_up_too() {
    let store = Store::new();
    let mut held = mine(&store.gate(NONE), &delivery("a")).await;
    let gave_up = store.gate(NONE).give_up(&mut held, &failure()).await;
    assert!(gave_up.expect("the store works"));
    let taken_over = mine(&store.gate(LONG), &delivery("a")).await;
    assert_eq!(taken_over.given_up(), Some(&failure()));
}

#[tokio::test]
async fn a_held_claim_waits_for_its_turn_and_earlier_turns_are_repeats() {
    let gate = Store::new().gate(LONG);
    let held = mine(&gate, &delivery("a")).await;
    gate.hold(&held, 1, LONG).await.expect("the store works");
    assert!(matches!(claim(&gate, &delivery("a")).await, Claim::Scheduled));
    assert!(matches!(claim(&gate, &delivery("b")).await, Claim::Conflict));

    let held = mine(&gate, &in_turn("a", 1)).await;
    gate.hold(&held, 2, LONG).await.expect("the store works");
    assert!(
        matches!(claim(&gate, &in_turn("a", 1)).await, Claim::Scheduled),
        "a kill brought the first hold again"
    );
    let held = mine(&gate, &in_turn("a", 2)).await;
    gate.done(&held).await.expect("the store works");
    assert!(matches!(claim(&gate, &in_turn("a", 2)).await, Claim::Done));
}

#[tokio::test]
async fn a_claim_is_forgotten_when_its_time_is_over() {
    let store = Store::new();
    let gate = store.gate_with(LONG, NONE, false);
    let held = mine(&gate, &delivery("a")).await;
    gate.done(&held).await.expect("the store works");
    mine(&gate, &delivery("b")).await;
}

#[tokio::test]
async fn what_is_rejected_makes_no_claim_and_meets_those_that_are_there() {
    let gate = Store::new().gate(LONG);
    let claimed = async |event: &str| {
        let claimed = gate.claimed("e-1", &delivery(event)).await;
        claimed.expect("the store works")
    };
    assert!(claimed("a").await.is_none());
    let held = mine(&gate, &delivery("a")).await;
    assert!(matches!(claimed("a").await, Some(Claim::InProgress(_))));
    assert!(matches!(claimed("b").await, Some(Claim::Conflict)));
    gate.release(&held).await.expect("the store works");
    let Some(Claim::Acquired(held)) = claimed("a").await else {
        panic!("it was free");
    };
    gate.done(&held).await.expect("the store works");
    assert!(matches!(claimed("a").await, Some(Claim::Done)));
}

#[tokio::test]
async fn a_gate_that_is_alone_takes_over_what_a_process_before_it_held() {
    let store = Store::new();
    mine(&store.gate_with(LONG, LONG, true), &delivery("a")).await;
    let mut next = store.gate_with(LONG, LONG, true);
    next.name = "another process".into();
    mine(&next, &delivery("a")).await;
    assert!(
        matches!(claim(&next, &delivery("a")).await, Claim::InProgress(_)),
        "and not what it holds itself"
    );
    let shared = store.gate(LONG);
    assert!(matches!(claim(&shared, &delivery("a")).await, Claim::InProgress(_)));
}

#[test]
fn ids_that_a_store_could_refuse_are_hashed() {
    let key = |id: &str| key(id, &Origin::Producer);
    assert_eq!(
        key("task.created-7-2026-03-01T09:30:00Z"),
        "event-task.created-7-2026-03-01T09:30:00Z"
    );
    for id in ["a||b", "a b", "ü", "a/b", &"x".repeat(201), "sha256:00"] {
        let key = key(id);
        assert!(key.starts_with("event-sha256:") && key.len() == 77, "{id:?}: {key}");
    }
}

#[test]
fn what_is_brought_back_does_not_meet_the_claim_of_the_first_time() {
    let redrive = Origin::Redrive {
        dead_letter: "d-1".to_owned(),
        source: "task-events@0".to_owned(),
    };
    assert_eq!(key("e-1", &redrive), "redrive-d-1");
}

fn failure() -> Failure {
    Failure {
        end: DeadLetterReason::Exhausted,
        error: "the sink said no".to_owned(),
        violations: Vec::new(),
        tries: 0,
        judged_by: None,
    }
}
