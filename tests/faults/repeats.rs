//! The same event many times at once, and another event with its id.

use std::time::Duration;

use anyhow::{Result, ensure};
use tidegate_harness::{Cluster, Record, Test};
use tidegate_tests::workload::valid_event;

use crate::{
    rig::{LONG_LEASE, Plan, Rig},
    sinks::Answer,
};

const LIMIT: Duration = Duration::from_mins(1);
/// Long enough for all copies to be there while the first is in progress.
const UNDER_WAY: Duration = Duration::from_millis(800);
const COPIES: i32 = 10;

pub(crate) async fn ten_at_once(test: Test<Cluster>) -> Result<()> {
    ten(&test, 1).await
}

pub(crate) async fn ten_at_once_at_two_gates(test: Test<Cluster>) -> Result<()> {
    ten(&test, 2).await
}

async fn ten(test: &Test<Cluster>, gates: usize) -> Result<()> {
    let plan = Plan {
        gates,
        lease_ms: LONG_LEASE,
        ..Plan::default()
    };
    let rig = Rig::start(test, plan, |_| Answer::Take(UNDER_WAY)).await?;
    let id = |user: i32| format!("ten-{gates}-{user}");
    let mut records = Vec::new();
    for user in 0..3 {
        let event = valid_event(
            &id(user),
            "reminder.due",
            "1.0",
            &format!("user-{user}"),
            r#""reminder_id":7"#,
        );
        for partition in 0..COPIES {
            let mut record = Record::new(event.clone());
            record.partition = Some(partition);
            records.push(record);
        }
    }
    let count = i64::try_from(records.len())?;
    rig.produce(records).await?;
    all_acknowledged(&rig, count).await?;
    for user in 0..3 {
        let calls = rig.sinks.calls_of(&id(user)).len();
        ensure!(calls == 1, "{} was sent {calls} times", id(user));
    }
    ensure!(rig.letters().await?.is_empty(), "a repeat is no dead letter");
    println!(
        "{gates} gates, 3 events, {COPIES} copies of each at once, {} outputs",
        rig.sinks.taken()
    );
    Ok(())
}

pub(crate) async fn used_id(test: Test<Cluster>) -> Result<()> {
    let rig = Rig::start(&test, Plan::default(), |_| Answer::Take(UNDER_WAY)).await?;
    let event = |note: &str| {
        valid_event(
            "used-id",
            "task.created",
            "1.1",
            "user-1",
            &format!(r#""note":"{note}""#),
        )
    };
    let first = event("the first");
    rig.produce(vec![Record::new(first.clone())]).await?;
    rig.sinks.wait_taken(1, LIMIT).await?;
    // Two while the first is in progress, two when it is done; in other partitions.
    let others: Vec<String> = (0..4).map(|number| event(&format!("another, {number}"))).collect();
    for (number, other) in (0..).zip(&others) {
        if number == 2 {
            all_acknowledged(&rig, 3).await?;
        }
        let mut record = Record::new(other.clone());
        record.partition = Some(number + 3);
        rig.produce(vec![record]).await?;
    }
    let letters = rig.wait_letters(others.len(), LIMIT).await?;
    all_acknowledged(&rig, 5).await?;
    let calls = rig.sinks.calls();
    ensure!(
        calls.len() == 1 && calls[0].output.data == first.as_bytes(),
        "the first, once: {calls:?}"
    );
    ensure!(letters.len() == others.len(), "{letters:?}");
    for letter in &letters {
        ensure!(letter.code.as_deref() == Some("id-conflict"), "{letter:?}");
        ensure!(
            others.iter().any(|other| other.as_bytes() == letter.original),
            "{letter:?}"
        );
    }
    println!(
        "1 event, {} others with its id, 1 output, {} dead letters",
        others.len(),
        letters.len()
    );
    Ok(())
}

/// Waits until so many records are acknowledged.
async fn all_acknowledged(rig: &Rig<'_>, count: i64) -> Result<()> {
    let done = async || rig.acknowledged().await.is_ok_and(|done| done >= count).then_some(());
    tidegate_harness::wait::until("every record to be acknowledged", LIMIT, done).await
}
