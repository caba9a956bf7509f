//! Sinks that refuse: how often an event is attempted, when, and what follows.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::{Result, ensure};
use tidegate_harness::{Cluster, Record, Test};
use tidegate_tests::{
    Letter, alerted,
    workload::{TYPES, valid_event},
};

use crate::{
    rig::{Plan, Rig},
    sinks::{Answer, Call, take},
};

const LIMIT: Duration = Duration::from_mins(1);
/// How long nothing more must come.
const QUIET: Duration = Duration::from_secs(3);

/// Retries after the first attempt.
pub(crate) fn retries_of(event_type: &str) -> u32 {
    match event_type {
        "reminder.due" => 10,
        "task.updated" => 5,
        _ => 3,
    }
}

/// An event of each type, all of one user, with the type as the id's end.
pub(crate) fn one_of_each(name: &str) -> Vec<Record> {
    let event = |event_type: &&str| {
        let id = format!("{name}-{event_type}");
        Record::new(valid_event(&id, event_type, "1.1", "user-1", r#""note":1.10"#)).key("user-1")
    };
    TYPES.iter().map(event).collect()
}

pub(crate) async fn always_failing(test: Test<Cluster>) -> Result<()> {
    let plan = Plan {
        retries: "{ scale: 0.001 }".to_owned(),
        ..Plan::default()
    };
    let rig = Rig::start(&test, plan, |_| Answer::Refuse(503)).await?;
    rig.produce(one_of_each("always")).await?;
    let letters = rig.wait_letters(TYPES.len(), LIMIT).await?;
    tokio::time::sleep(QUIET).await;
    exactly_the_schedule(&rig, "always", &letters).await
}

/// Each type was attempted as often as its schedule says, then dead-lettered with its alerts.
pub(crate) async fn exactly_the_schedule(rig: &Rig<'_>, name: &str, letters: &[Letter]) -> Result<()> {
    let mut tried = Vec::new();
    for event_type in TYPES {
        let retries = retries_of(event_type);
        let calls = rig.sinks.calls_of(&format!("{name}-{event_type}"));
        let attempts: Vec<u32> = calls.iter().map(|call| call.attempt).collect();
        let wanted: Vec<u32> = (0..=retries).collect();
        ensure!(attempts == wanted, "{event_type}: attempts {attempts:?}");
        let first = &calls[0];
        ensure!(
            calls.iter().all(|call| call.output.data == first.output.data),
            "{event_type}: not the same bytes"
        );
        let of_type = |letter: &&Letter| letter.original == first.output.data;
        let found: Vec<&Letter> = letters.iter().filter(of_type).collect();
        let [letter] = found[..] else {
            anyhow::bail!("{event_type}: {} dead letters", found.len());
        };
        ensure!(
            letter.retry_count == u64::from(retries),
            "{event_type}: {}",
            letter.retry_count
        );
        ensure!(
            letter.code.is_none() && letter.error.contains("503"),
            "{event_type}: {letter:?}"
        );
        tried.push(format!("{event_type} 1+{}", attempts.len() - 1));
    }
    let alerts = async |topic| -> Result<BTreeMap<String, u32>> {
        let mut alerts = BTreeMap::new();
        for record in rig.read(topic).await? {
            *alerts.entry(alerted(&record)?).or_default() += 1;
        }
        Ok(alerts)
    };
    let once = |about: &dyn Fn(&str) -> bool| -> BTreeMap<String, u32> {
        let letters = letters
            .iter()
            .filter(|letter| about(&String::from_utf8_lossy(&letter.original)));
        letters.map(|letter| (letter.id.clone(), 1)).collect()
    };
    let (ops, users) = (alerts("ops-alerts").await?, alerts("user-alerts").await?);
    ensure!(ops == once(&|_| true), "operations are notified of each, once: {ops:?}");
    let reminders = once(&|event| event.contains(r#""event_type":"reminder."#));
    ensure!(users == reminders, "users are notified of reminders, once: {users:?}");
    println!(
        "{}; {} dead letters, {} alerts for operations, {} for users",
        tried.join(", "),
        letters.len(),
        ops.len(),
        users.len()
    );
    Ok(())
}

pub(crate) async fn retry_after(test: Test<Cluster>) -> Result<()> {
    const SECONDS: u32 = 3;
    let rule = |call: &Call| {
        if call.number == 1 {
            Answer::Later(SECONDS)
        } else {
            take(call)
        }
    };
    let plan = Plan {
        retries: "{ scale: 0.001 }".to_owned(),
        ..Plan::default()
    };
    let rig = Rig::start(&test, plan, rule).await?;
    rig.produce(one_of_each("later")).await?;
    rig.sinks.wait_taken(TYPES.len(), LIMIT).await?;
    let mut waits = Vec::new();
    for event_type in TYPES {
        let calls = rig.sinks.calls_of(&format!("later-{event_type}"));
        let [first, second] = &calls[..] else {
            anyhow::bail!("{event_type}: {} calls", calls.len());
        };
        waits.push(second.at.duration_since(first.at));
    }
    println!("asked to wait {SECONDS} s: retried after {waits:.1?}");
    let wanted = Duration::from_secs(SECONDS.into());
    ensure!(waits.iter().all(|wait| *wait >= wanted), "too soon: {waits:?}");
    Ok(())
}

pub(crate) async fn permanent_refusals(test: Test<Cluster>) -> Result<()> {
    const PERMANENT: [u16; 7] = [400, 401, 403, 404, 409, 413, 422];
    let calls = AtomicU32::new(0);
    let rule =
        move |_: &Call| Answer::Refuse(PERMANENT[calls.fetch_add(1, Ordering::Relaxed) as usize % PERMANENT.len()]);
    let rig = Rig::start(&test, Plan::default(), rule).await?;
    rig.produce(one_of_each("permanent")).await?;
    let letters = rig.wait_letters(TYPES.len(), LIMIT).await?;
    tokio::time::sleep(QUIET).await;
    let calls = rig.sinks.calls();
    ensure!(calls.len() == TYPES.len(), "one call each, not {}", calls.len());
    for letter in &letters {
        ensure!(letter.retry_count == 0 && letter.code.is_none(), "{letter:?}");
    }
    println!(
        "{} statuses, {} calls, {} dead letters",
        PERMANENT.len(),
        calls.len(),
        letters.len()
    );
    Ok(())
}
