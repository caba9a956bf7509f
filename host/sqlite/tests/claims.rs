//! Claims on a real data file: which gate may process an event, from its first delivery until its claim expires.

use std::{sync::Arc, time::Duration};

use tempfile::TempDir;
use tidegate_model::{
    dead_letter::Names,
    delivery::{Delivery, Source},
    disposition::DeadLetterReason,
    revision::RevisionId,
    scheduled_retry::Failure,
};
use tidegate_pipeline::claim::{AcquiredClaim, Claim, Claims, Settings};
use tidegate_sqlite::Db;

/// A data file, and gates on it.
struct Store {
    dir: TempDir,
}

/// A lease that expires at once.
const NONE: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_mins(10);

impl Store {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self { dir }
    }

    fn gate(&self, lease: Duration) -> Claims {
        self.gate_with(Settings { lease, keep: LONG }, "one process", false)
    }

    fn gate_with(&self, settings: Settings, owner: &str, is_alone: bool) -> Claims {
        let db = Db::open(&self.dir.path().join("events.db")).expect("a data file");
        Claims::new(Arc::new(db), settings, owner, is_alone)
    }
}

fn delivery(event: &str) -> Delivery {
    Delivery::new(
        event.to_owned().into(),
        Source::topic("t"),
        "2026-03-01T09:30:00Z".to_owned(),
    )
}

/// A delivery whose retry was scheduled so often.
fn retried(event: &str, times_scheduled: u32) -> Delivery {
    let mut delivery = delivery(event);
    delivery.history.times_scheduled = times_scheduled;
    delivery
}

async fn claim(claims: &Claims, delivery: &Delivery) -> Claim {
    claims
        .claim("e-1", &delivery.content_digest(), delivery)
        .await
        .expect("the store works")
}

async fn acquired(claims: &Claims, delivery: &Delivery) -> AcquiredClaim {
    match claim(claims, delivery).await {
        Claim::Acquired(claim) => *claim,
        other => panic!("not acquired: {other:?}"),
    }
}

#[tokio::test]
async fn one_gate_processes_an_event_and_a_later_delivery_is_a_duplicate() {
    let store = Store::new();
    let (one, two) = (store.gate(LONG), store.gate(LONG));
    let acquired_claim = acquired(&one, &delivery("a")).await;
    for gate in [&one, &two] {
        let Claim::InProgress(remaining) = claim(gate, &delivery("a")).await else {
            panic!("two process it");
        };
        assert!(remaining > NONE && remaining <= LONG);
    }
    one.done(&acquired_claim).await.expect("the store works");
    assert!(matches!(claim(&two, &delivery("a")).await, Claim::Done));
}

#[tokio::test]
async fn another_event_with_the_id_is_a_conflict_while_in_progress_and_when_done() {
    let gate = Store::new().gate(LONG);
    let acquired_claim = acquired(&gate, &delivery("a")).await;
    assert!(matches!(claim(&gate, &delivery("b")).await, Claim::Conflict));
    gate.done(&acquired_claim).await.expect("the store works");
    assert!(matches!(claim(&gate, &delivery("b")).await, Claim::Conflict));
    assert!(matches!(claim(&gate, &delivery("a")).await, Claim::Done));
}

#[tokio::test]
async fn a_released_claim_can_be_acquired() {
    let store = Store::new();
    let (one, two) = (store.gate(LONG), store.gate(LONG));
    let acquired_claim = acquired(&one, &delivery("a")).await;
    one.release(&acquired_claim).await.expect("the store works");
    acquired(&two, &delivery("a")).await;
}

#[tokio::test]
async fn an_expired_lease_is_taken_over_and_marks_of_the_slow_gate_are_ignored() {
    let store = Store::new();
    let (slow, next) = (store.gate(NONE), store.gate(LONG));
    let mut old = acquired(&slow, &delivery("a")).await;
    let mut later = delivery("a");
    later.at = "2026-03-01T10:00:00Z".to_owned();
    let acquired_claim = acquired(&next, &later).await;
    assert_eq!(
        acquired_claim.decided_at(&later),
        Some("2026-03-01T09:30:00Z"),
        "judged at the time of the first delivery"
    );
    assert_eq!(acquired_claim.decided_at(&delivery("a")), None);

    slow.done(&old).await.expect("a conflict is no error");
    assert!(matches!(claim(&next, &delivery("a")).await, Claim::InProgress(_)));
    let recorded = slow
        .record_failure(&mut old, &failure())
        .await
        .expect("the store works");
    assert!(!recorded, "the claim is another gate's by now");
}

#[tokio::test]
async fn a_gate_that_takes_over_finds_the_recorded_failure() {
    let store = Store::new();
    let mut acquired_claim = acquired(&store.gate(NONE), &delivery("a")).await;
    let recorded = store.gate(NONE).record_failure(&mut acquired_claim, &failure()).await;
    assert!(recorded.expect("the store works"));
    let taken_over = acquired(&store.gate(LONG), &delivery("a")).await;
    assert_eq!(taken_over.failure(), Some(&failure()));
}

#[tokio::test]
async fn a_scheduled_claim_waits_for_its_retry_and_earlier_ones_are_duplicates() {
    let gate = Store::new().gate(LONG);
    let acquired_claim = acquired(&gate, &delivery("a")).await;
    gate.schedule(&acquired_claim, 1, LONG).await.expect("the store works");
    assert!(matches!(claim(&gate, &delivery("a")).await, Claim::Scheduled));
    assert!(matches!(claim(&gate, &delivery("b")).await, Claim::Conflict));

    let acquired_claim = acquired(&gate, &retried("a", 1)).await;
    gate.schedule(&acquired_claim, 2, LONG).await.expect("the store works");
    assert!(
        matches!(claim(&gate, &retried("a", 1)).await, Claim::Scheduled),
        "a kill redelivered the first retry"
    );
    let acquired_claim = acquired(&gate, &retried("a", 2)).await;
    gate.done(&acquired_claim).await.expect("the store works");
    assert!(matches!(claim(&gate, &retried("a", 2)).await, Claim::Done));
}

#[tokio::test]
async fn a_claim_expires() {
    let store = Store::new();
    let gate = store.gate_with(
        Settings {
            lease: LONG,
            keep: NONE,
        },
        "one process",
        false,
    );
    let acquired_claim = acquired(&gate, &delivery("a")).await;
    gate.done(&acquired_claim).await.expect("the store works");
    acquired(&gate, &delivery("b")).await;
}

#[tokio::test]
async fn a_rejected_event_makes_no_claim_and_finds_a_present_one() {
    let gate = Store::new().gate(LONG);
    let claimed = async |event: &str| {
        let claimed = gate
            .claimed("e-1", &delivery(event).content_digest(), &delivery(event))
            .await;
        claimed.expect("the store works")
    };
    assert!(claimed("a").await.is_none());
    let acquired_claim = acquired(&gate, &delivery("a")).await;
    assert!(matches!(claimed("a").await, Some(Claim::InProgress(_))));
    assert!(matches!(claimed("b").await, Some(Claim::Conflict)));
    gate.release(&acquired_claim).await.expect("the store works");
    let Some(Claim::Acquired(acquired_claim)) = claimed("a").await else {
        panic!("it was released");
    };
    gate.done(&acquired_claim).await.expect("the store works");
    assert!(matches!(claimed("a").await, Some(Claim::Done)));
}

#[tokio::test]
async fn a_gate_that_is_alone_takes_over_the_claims_of_an_earlier_process() {
    let store = Store::new();
    let settings = Settings {
        lease: LONG,
        keep: LONG,
    };
    acquired(&store.gate_with(settings, "one process", true), &delivery("a")).await;
    let next = store.gate_with(settings, "another process", true);
    acquired(&next, &delivery("a")).await;
    assert!(
        matches!(claim(&next, &delivery("a")).await, Claim::InProgress(_)),
        "and not its own"
    );
    let shared = store.gate(LONG);
    assert!(matches!(claim(&shared, &delivery("a")).await, Claim::InProgress(_)));
}

fn failure() -> Failure {
    Failure {
        reason: DeadLetterReason::Exhausted,
        error: "the sink said no".to_owned(),
        violations: Vec::new(),
        names: Names::default(),
        attempts: 0,
        decided_by: RevisionId {
            number: 1,
            digest: "sha256:00".to_owned(),
        },
    }
}
