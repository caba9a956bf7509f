//! Tests any policy with the examples of its own catalog. Knows no event type.

use serde::Serialize;

use crate::{
    contract::{Context, Decided, Decision, EventTypeInfo, MigrationCause, VersionInfo},
    fault::Fault,
    policy::{CallError, Policy},
};

/// Any time will do, as long as it is the same in each run.
const NOW: &str = "2026-03-01T09:30:00Z";

/// What a policy did with its own examples.
#[derive(Debug, Clone, Serialize)]
pub struct SelfTestReport {
    /// One case for each event type and version.
    pub cases: Vec<SelfTestCase>,
}

/// What happened to one example.
#[derive(Debug, Clone, Serialize)]
pub struct SelfTestCase {
    /// The event type.
    pub event_type: String,
    /// Its version.
    pub version: String,
    /// What failed; empty: the example passed.
    pub problems: Vec<String>,
}

impl SelfTestReport {
    /// The first thing that failed, with type and version.
    pub fn first_problem(&self) -> Option<String> {
        let first = |case: &SelfTestCase| {
            let problem = case.problems.first()?;
            Some(format!("{} {}: {problem}", case.event_type, case.version))
        };
        let found = self.cases.iter().find_map(first);
        found.or_else(|| self.cases.is_empty().then(|| "it names no event type".to_owned()))
    }

    /// True when there was at least one case and all passed.
    pub fn passed(&self) -> bool {
        !self.cases.is_empty() && self.cases.iter().all(|case| case.problems.is_empty())
    }
}

impl Policy {
    /// Runs every example of the catalog. It must be valid as the type and version that it names, get the same decision
    /// twice, migrate to each other version or fail with `no-path`, and send only valid events on known channels. On the way down a
    /// migration may refuse it: the older version cannot hold every event.
    ///
    /// Fails when the policy faults.
    pub async fn self_test(&self) -> Result<SelfTestReport, Fault> {
        match self.take_proof() {
            Some(proof) => proof.tested().await,
            None => self.tested().await,
        }
    }

    async fn tested(&self) -> Result<SelfTestReport, Fault> {
        let mut cases = Vec::new();
        for event_type in &self.catalog().event_types {
            for version in &event_type.versions {
                cases.push(SelfTestCase {
                    event_type: event_type.name.clone(),
                    version: version.version.clone(),
                    problems: self.problems(event_type, version).await?,
                });
            }
        }
        Ok(SelfTestReport { cases })
    }

    async fn problems(&self, event_type: &EventTypeInfo, version: &VersionInfo) -> Result<Vec<String>, Fault> {
        let mut problems = Vec::new();
        let example = version.example.as_bytes();
        match self.validate(example, &[]).await? {
            Ok(accepted) if accepted.event_type != event_type.name || accepted.event_version != version.version => {
                problems.push(format!(
                    "the example is taken for {} {}",
                    accepted.event_type, accepted.event_version
                ));
            }
            Ok(_) => {}
            Err(rejection) => problems.extend(
                rejection
                    .violations
                    .iter()
                    .map(|v| format!("the example is invalid: {} at {:?}: {}", v.code, v.path, v.message)),
            ),
        }
        let mut is_older = true;
        for target in &event_type.versions {
            if target.version == version.version {
                is_older = false;
                continue;
            }
            let may_fail = |cause| cause == MigrationCause::NoPath || is_older && cause == MigrationCause::StepFailed;
            if let Err(failure) = self.migrate(example, &[], &target.version).await?
                && !may_fail(failure.cause)
            {
                problems.push(format!(
                    "the example does not migrate to {}: {}",
                    target.version,
                    failure.cause.as_str()
                ));
            }
        }
        if event_type.accepted {
            problems.extend(self.process_problems(example).await?);
        }
        Ok(problems)
    }

    async fn process_problems(&self, example: &[u8]) -> Result<Vec<String>, Fault> {
        let (first, second) = (self.judge(example).await?, self.judge(example).await?);
        let mut problems = Vec::new();
        if first != second {
            problems.push("the example is judged differently the second time".to_owned());
        }
        if first.decision == Decision::Reject {
            let why = first
                .violations
                .first()
                .map_or("no violation says why", |first| &first.message);
            problems.push(format!("the example is rejected: {why}"));
        }
        for output in &first.outputs {
            if !self.catalog().channels.contains(&output.channel) {
                problems.push(format!(
                    "it sends on {:?}, which its catalog does not list",
                    output.channel
                ));
            }
            let sent = output.event.as_deref().map_or(example, str::as_bytes);
            if let Err(rejection) = self.validate(sent, &[]).await? {
                let codes: Vec<_> = rejection.violations.iter().map(|v| v.code.as_str()).collect();
                problems.push(format!(
                    "it sends an invalid {}: {}",
                    output.event_type,
                    codes.join(", ")
                ));
            }
        }
        Ok(problems)
    }

    async fn judge(&self, event: &[u8]) -> Result<Decided, Fault> {
        match self.process(event, &[], &Context::at(NOW)).await {
            Ok(decided) => Ok(decided),
            Err(CallError::Fault(fault)) => Err(fault),
            Err(CallError::NotATime(now)) => unreachable!("{now} is a time"),
        }
    }
}
