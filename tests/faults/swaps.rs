//! The policy is replaced while events keep coming: nothing is lost, and every output is of the policy that it names.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tidegate_engine::Digest;
use tidegate_harness::{Cluster, Record, Test, wait};
use tidegate_tests::{dist, event, next_policy, tidegate};

use crate::{
    rig::{Plan, Rig},
    sinks::take,
    size::Size,
};

/// Records between two looks at whether the next policy decides.
const PART: usize = 20;
const PAUSE: Duration = Duration::from_millis(200);
/// Records that a policy gets when it decides.
const MORE: usize = 100;

/// A policy and the version in which it publishes tasks.
struct Version {
    policy: Vec<u8>,
    digest: String,
    name: &'static str,
}

pub(crate) async fn replaced_under_load(test: Test<Cluster>) -> Result<()> {
    let versions = [
        Version::of(&dist("policy.wasm"), "1.1")?,
        Version::of(&next_policy(), "1.2")?,
    ];
    let file = test.dir.service("policy")?.join("policy.wasm");
    fs::write(&file, &versions[0].policy)?;
    let plan = Plan {
        policy: file.clone(),
        allow_dropped: true,
        ..Plan::default()
    };
    let rig = Rig::start(&test, plan, take).await?;
    let mut produced = 0;
    for round in 0..4 {
        let version = &versions[round % 2];
        if round > 0 {
            let new = file.with_extension("new");
            fs::write(&new, &version.policy)?;
            fs::rename(new, &file)?;
        }
        produced += load_until_decided_by(&rig, produced, version).await?;
    }
    rig.sinks.wait_taken(produced, Size::asked().limit).await?;

    let (calls, mut by_each) = (rig.sinks.calls(), [0; 2]);
    let mut ids: Vec<_> = calls.iter().map(|call| call.output.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ensure!(ids.len() == produced, "{} of {produced} events are there", ids.len());
    ensure!(calls.len() == produced, "{} calls for {produced} events", calls.len());
    for call in &calls {
        let policy = &call.policy;
        let known = versions.iter().position(|version| version.digest == *policy);
        let known = known.with_context(|| format!("an unknown policy: {policy}"))?;
        let version = &versions[known];
        let data: Value = serde_json::from_slice(&call.output.data)?;
        ensure!(data["event_version"] == version.name, "{policy} has published {data}");
        let priority = data["payload"]["priority"].as_str();
        ensure!(
            priority == (version.name == "1.2").then_some("NORMAL"),
            "{policy} has published {data}"
        );
        by_each[known] += 1;
    }
    ensure!(rig.letters().await?.is_empty(), "none is dead-lettered");
    println!("3 swaps, {produced} records, 0 lost, 0 repeats, 0 dead letters; by 1.1 and 1.2: {by_each:?}");
    Ok(())
}

/// Produces records until this policy decides, and some more; returns how many.
async fn load_until_decided_by(rig: &Rig<'_>, first: usize, version: &Version) -> Result<usize> {
    let before = rig.sinks.calls().len();
    let decides = || {
        rig.sinks.calls()[before..]
            .iter()
            .any(|call| call.policy == version.digest)
    };
    let (mut produced, mut since) = (0, 0);
    wait::until("the next policy to decide", Size::asked().limit, async || {
        since += if decides() { PART } else { 0 };
        let numbers = first + produced..first + produced + PART;
        let record = |number| Record::new(event(&format!("swap-{number}"))).key(format!("user-{}", number % 40));
        produced += PART;
        if let Err(error) = rig.produce(numbers.map(record).collect()).await {
            return Some(Err(error));
        }
        tokio::time::sleep(PAUSE).await;
        (since >= MORE).then_some(Ok(()))
    })
    .await??;
    Ok(produced)
}

impl Version {
    fn of(path: &Path, name: &'static str) -> Result<Self> {
        let checked = tidegate(&["check", &path.display().to_string()], b"");
        ensure!(checked.code == 0, "{}", checked.err);
        let policy = fs::read(path)?;
        Ok(Self {
            digest: Digest::of(&policy).to_string(),
            policy,
            name,
        })
    }
}
