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

/// Records between two looks at whether the next policy judges.
const PART: usize = 20;
const PAUSE: Duration = Duration::from_millis(200);
/// Records that a policy gets when it judges.
const MORE: usize = 100;

/// A policy and the version in which it lets tasks out.
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
    for revision in 1..=4 {
        if revision > 1 {
            let aside = file.with_extension("new");
            fs::write(&aside, &versions[(revision + 1) % 2].policy)?;
            fs::rename(aside, &file)?;
        }
        produced += load_until_judged_by(&rig, produced, revision as u64).await?;
    }
    rig.sinks.wait_taken(produced, Size::asked().limit).await?;

    let (calls, mut by_each) = (rig.sinks.calls(), [0; 4]);
    let mut ids: Vec<_> = calls.iter().map(|call| call.output.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ensure!(ids.len() == produced, "{} of {produced} events are there", ids.len());
    ensure!(calls.len() == produced, "{} calls for {produced} events", calls.len());
    for call in &calls {
        let (revision, policy) = &call.judged_by;
        let place = usize::try_from(*revision)?.checked_sub(1).context("no revision")?;
        let version = &versions[place % 2];
        ensure!(*policy == version.digest, "revision {revision} is not {policy}");
        let data: Value = serde_json::from_slice(&call.output.data)?;
        ensure!(data["event_version"] == version.name, "{policy} has let out {data}");
        let priority = data["payload"]["priority"].as_str();
        ensure!(
            priority == (version.name == "1.2").then_some("NORMAL"),
            "{policy} has let out {data}"
        );
        *by_each.get_mut(place).context("a revision too many")? += 1;
    }
    ensure!(rig.letters().await?.is_empty(), "none is given up");
    println!("3 swaps, {produced} records, 0 lost, 0 repeats, 0 dead letters; by the revisions: {by_each:?}");
    Ok(())
}

/// Produces records until this revision judges, and some more; says how many.
async fn load_until_judged_by(rig: &Rig<'_>, first: usize, revision: u64) -> Result<usize> {
    let judges = || rig.sinks.calls().iter().any(|call| call.judged_by.0 == revision);
    let (mut produced, mut since) = (0, 0);
    wait::until("the next policy to judge", Size::asked().limit, async || {
        since += if judges() { PART } else { 0 };
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
