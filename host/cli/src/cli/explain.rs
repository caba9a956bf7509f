//! `tidegate explain`: the decision on one event, and the next step if publishing it failed.

use std::{
    io::{Read, Write, stdout},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;
use tidegate_engine::{Action, Attribute, Context, Decided, Decision, Isolation, Policy};
use tidegate_model::{
    attributes::Attributes,
    dead_letter::{self, FailedEvent, Names, Template},
    envelope::{Headers, unwrap},
};
use tidegate_policies::decision;

use self::explained::{About, Explained, Failure, Output, Retries, Retry};
use super::{files, judge::judge, target::Target, time::Time};

mod explained;
mod text;

/// Explain the decision on an event: its reason, the migration, the outputs, and the next step if publishing them failed.
///
/// Nothing is published. The exit code is 0 even when the event is rejected. With --json, one object:
///
///   {"decision","reason","violations":[{"code","path","message","rule","version"}],
///    "event":{"id","type","version","key","claim","bytes"},"migration":[version,…],
///    "outputs":[{"channel","type","key","id","not_before"}],
///    "retries":{"type","schedule":[{"attempt","wait_ms","elapsed_ms"}]},
///    "failure":{"attempt","action":"retry|dead-letter","wait_ms","retries_left","why"},
///    "dead_letter":[{"channel","type","key"}]}
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate explain event.json
  tidegate dlq show evt-7012 --original | tidegate explain
  tidegate explain event.json --attempt 3 --json | jq .failure")]
pub(super) struct Explain {
    /// The file with the event; - is standard input.
    #[arg(default_value = "-")]
    event: PathBuf,
    #[command(flatten)]
    policy: files::PolicyFile,
    /// The attempt that is assumed to fail: 0 is the first, 1 the first retry.
    #[arg(long, value_name = "N", default_value_t = 0)]
    attempt: u32,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    time: Time,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut event = Vec::new();
        files::open_input(&self.event)?
            .read_to_end(&mut event)
            .with_context(|| format!("{} cannot be read", self.event.display()))?;
        let policy = files::load_policy(&self.policy.find(None)?, Isolation::Fresh, 2).await?;
        let explained = self.explain(&policy, event).await?;
        if self.json {
            writeln!(stdout(), "{}", serde_json::to_string(&explained)?)?;
        } else {
            write!(anstream::stdout(), "{}", text::text(&explained)?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn explain(&self, policy: &Policy, text: Vec<u8>) -> anyhow::Result<Explained> {
        let context = Context {
            now: self.time.or_now(),
            target_version: self.target.for_policy(policy),
            handed_back: false,
        };
        let unwrapped = unwrap(text.into(), false, &Headers::NONE);
        let (event, given) = (&*unwrapped.event, unwrapped.attributes);
        let attributes = &*given.canonical();
        let decided = judge(policy, event, attributes, unwrapped.flaw.as_ref(), &context).await?;
        let target = context.target_version.as_ref();
        Ok(Explained {
            migration: migration(policy, event, attributes, &decided, target).await?,
            retries: retries(policy, &decided).await?,
            failure: self.failure(policy, &decided).await?,
            dead_letter: self.dead_letter(policy, event, &given, &decided, &context.now)?,
            decision: decided.decision,
            reason: decision::reason(&decided),
            violations: decided.violations,
            event: About {
                id: decided.event_id,
                event_type: decided.event_type,
                version: decided.event_version,
                key: decided.key,
                claim: decided.claim,
                bytes: event.len(),
            },
            outputs: decided.outputs.into_iter().map(Output::of).collect(),
        })
    }

    /// The next step if this attempt failed.
    async fn failure(&self, policy: &Policy, decided: &Decided) -> anyhow::Result<Failure> {
        let event_type = decided.event_type.as_deref().unwrap_or_default();
        let plan = policy.next_attempt(event_type, self.attempt).await?;
        let last = policy.schedule_for(event_type).await?.max_retries;
        let (action, why) = match (decided.decision, plan.action) {
            (Decision::Reject, _) => (
                Action::DeadLetter,
                "a rejected event is not retried, since it would be rejected again".to_owned(),
            ),
            (Decision::Drop, _) => (
                plan.action,
                "it is valid and goes to no channel, so only the policy can fail".to_owned(),
            ),
            (Decision::Forward, Action::Retry) => (Action::Retry, format!("the schedule has {last} retries")),
            (Decision::Forward, Action::DeadLetter) if self.attempt > last => (
                Action::DeadLetter,
                format!("the schedule has {last} retries, and this attempt is beyond the last"),
            ),
            (Decision::Forward, Action::DeadLetter) => (
                Action::DeadLetter,
                format!("the schedule has {last} retries, and this attempt is the last"),
            ),
        };
        let is_retried = action == Action::Retry;
        Ok(Failure {
            attempt: self.attempt,
            action,
            wait_ms: if is_retried { plan.delay_ms } else { 0 },
            retries_left: if is_retried { plan.retries_left } else { 0 },
            why,
        })
    }

    /// The outputs when the event is dead-lettered.
    fn dead_letter(
        &self,
        policy: &Policy,
        event: &[u8],
        attributes: &Attributes,
        decided: &Decided,
        now: &str,
    ) -> anyhow::Result<Vec<Output>> {
        let names = Names {
            id: decided.event_id.clone(),
            event_type: decided.event_type.clone(),
            key: decided.key.clone(),
        };
        let failed = FailedEvent {
            event,
            attributes,
            names: &names,
            error: &decision::reason(decided),
            retry_count: self.attempt,
            violations: &decided.violations,
            source: "explain",
            policy: policy.digest().as_str(),
        };
        let template = Template::of(policy.catalog().dead_letters.template.as_deref())?;
        let outputs = dead_letter::outputs(policy.catalog(), &template, &failed, now);
        Ok(outputs
            .into_iter()
            .map(|output| Output {
                id: None,
                ..Output::of(output)
            })
            .collect())
    }
}

async fn migration(
    policy: &Policy,
    event: &[u8],
    attributes: &[Attribute],
    decided: &Decided,
    target: Option<&String>,
) -> anyhow::Result<Vec<String>> {
    let mut types = policy.catalog().event_types.iter();
    let known = types.find(|known| Some(&known.name) == decided.event_type.as_ref());
    let Some(known) = known.filter(|_| decided.decision != Decision::Reject) else {
        return Ok(Vec::new());
    };
    let migrated = policy
        .migrate(event, attributes, target.unwrap_or(&known.target_version))
        .await?;
    Ok(migrated.map(|migrated| migrated.path).unwrap_or_default())
}

async fn retries(policy: &Policy, decided: &Decided) -> anyhow::Result<Retries> {
    let event_type = decided.event_type.as_deref().unwrap_or_default();
    let known = policy
        .catalog()
        .event_types
        .iter()
        .any(|known| known.name == event_type);
    let mut elapsed_ms = 0;
    let delays = policy.schedule_for(event_type).await?.delays_ms;
    let schedule = delays.into_iter().map(u64::from).enumerate().map(|(at, wait_ms)| {
        elapsed_ms += wait_ms;
        Retry {
            attempt: at + 1,
            wait_ms,
            elapsed_ms,
        }
    });
    Ok(Retries {
        schedule: schedule.collect(),
        event_type: known.then(|| event_type.to_owned()),
    })
}
