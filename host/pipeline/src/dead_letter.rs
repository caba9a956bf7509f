//! Dead-letters an event: publishes its dead letter and its alerts, as the policy's catalog has them. When they cannot be
//! published, the next attempt is scheduled, for as long as it takes: a dead letter is never discarded. Knows nothing of
//! what is in a dead letter.

use std::time::Duration;

use tidegate_engine::Output;
use tidegate_model::{
    backend_error::BackendError,
    clock,
    dead_letter::{self, AlertGroup, BadTemplate, FailedEvent},
    delivery::{Delivery, Origin},
    disposition::Disposition,
    error::chain,
    scheduled_retry::{Failure, Next},
};
use tidegate_policies::unusable::Unusable;

use crate::{
    ack::{NotAcknowledged, Report},
    claim::AcquiredClaim,
    pipeline::Pipeline,
    publish::{FailedPublish, Retryable},
    run::Run,
};

/// The delay before the second attempt at a dead letter; each further one is twice as long.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_mins(5);
/// Redrives of one event that are looked up, when consumers fail on it.
const MOST_REDRIVES: usize = 100;

impl Pipeline {
    /// Publishes the dead letter and the alerts of an event, or schedules the next attempt.
    pub(super) async fn dead_letter(
        &self,
        run: Run<'_>,
        failure: &Failure,
        mut claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        if let Some(claim) = claim.as_deref_mut()
            && claim.failure().is_none()
            && !self.claims.record_failure(claim, failure).await?
        {
            return Err(NotAcknowledged::InProgress(Duration::ZERO));
        }
        let failed = match self.publish_dead_letter(run, failure).await {
            Ok(published) => {
                if let Some(claim) = claim {
                    self.claims.done(claim).await?;
                }
                let report = run.report(Disposition::DeadLettered(failure.reason), &failure.error);
                return Ok(Report {
                    published,
                    violations: failure.violations.clone(),
                    revision: failure.decided_by.clone(),
                    ..report
                });
            }
            Err(failed) => failed,
        };
        tracing::warn!(source = %run.delivery.source, error = failed.summary, "a dead letter could not be published; the next attempt is scheduled");
        let mut delivery = run.delivery.clone();
        delivery.history.published = failed.published;
        let delay = FIRST_DELAY
            .saturating_mul(2_u32.saturating_pow(failure.attempts))
            .min(LONGEST_DELAY);
        let delay = match failed.retryable {
            Retryable::After(after) => self.retries.scaled(delay).max(after),
            Retryable::Never => self.retries.scaled(delay),
        };
        let failure = Failure {
            attempts: failure.attempts.saturating_add(1),
            ..failure.clone()
        };
        let violations = failure.violations.clone();
        let revision = failure.decided_by.clone();
        let report = self
            .schedule(run, delivery, Next::DeadLetter(failure), delay, claim)
            .await?;
        Ok(Report {
            violations,
            revision,
            ..report
        })
    }

    /// The next attempt at a dead letter that could not be published.
    pub(super) async fn resume_dead_letter(
        &self,
        delivery: &Delivery,
        failure: &Failure,
    ) -> Result<Report, NotAcknowledged> {
        let revision = self.revisions.current().ok_or(NotAcknowledged::NoPolicy)?;
        self.dead_letter(Run::new(&revision, delivery), failure, None).await
    }

    async fn publish_dead_letter(
        &self,
        run: Run<'_>,
        failure: &Failure,
    ) -> Result<Vec<(String, String)>, FailedPublish> {
        let delivery = run.delivery;
        let now = clock::now();
        let not_built = |error: DeadLetterError| {
            if let DeadLetterError::Unusable(unusable) = &error {
                self.metrics.fault(unusable.kind());
            }
            FailedPublish {
                published: delivery.history.published.clone(),
                error: chain(&error),
                summary: chain(&error),
                retryable: Retryable::After(Duration::ZERO),
            }
        };
        let outputs = self.build_dead_letter(run, failure, &now).await.map_err(not_built)?;
        let outputs = self.without_counted_alerts(outputs, &alert_groups(run, failure), failure, &now);
        let outputs = self.check_and_address(outputs, run, &now, &failure.decided_by);
        let outputs = outputs.map_err(|unusable| not_built(unusable.into()))?;
        self.publish(&outputs, run).await
    }

    /// The dead letter and its alerts. When a consumer fails again on a redriven event, the dead letter is another one; when
    /// it reports one failure twice, it is the same.
    async fn build_dead_letter(
        &self,
        run: Run<'_>,
        failure: &Failure,
        now: &str,
    ) -> Result<Vec<Output>, DeadLetterError> {
        let catalog = run.revision.policy.catalog();
        let template = run.revision.template.as_ref().map_err(Clone::clone)?;
        let source = source(run);
        let failed = FailedEvent {
            event: &run.delivery.event,
            attributes: &run.delivery.attributes,
            names: &failure.names,
            error: &failure.error,
            retry_count: run.delivery.history.attempt,
            violations: &failure.violations,
            source: &source,
            policy: &failure.decided_by.digest,
        };
        let mut outputs = dead_letter::outputs(catalog, template, &failed, now);
        if !matches!(run.delivery.origin, Origin::Consumer { .. }) {
            return Ok(outputs);
        }
        for _ in 0..MOST_REDRIVES {
            let Some(letter) = outputs.first() else { break };
            let mut published = run.delivery.history.published.iter();
            if published.any(|(_, id)| *id == letter.id) || !self.claims.is_redriven(&letter.id).await? {
                break;
            }
            let failed = FailedEvent {
                source: &redrive_of(&source, &letter.id),
                ..failed.clone()
            };
            outputs = dead_letter::outputs(catalog, template, &failed, now);
        }
        Ok(outputs)
    }
}

/// What its alerts have in common with those of other dead letters.
fn alert_groups(run: Run<'_>, failure: &Failure) -> Vec<AlertGroup> {
    let catalog = run.revision.policy.catalog();
    AlertGroup::all_of(catalog, &failure.names, &failure.violations)
}

/// Why the dead letter could not be built.
#[derive(Debug, thiserror::Error)]
enum DeadLetterError {
    #[error(transparent)]
    Template(#[from] BadTemplate),
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// The source of a redriven event. It is part of the id of the next dead letter, which therefore differs.
fn redrive_of(source: &str, dead_letter: &str) -> String {
    format!("{source} (redrive of {dead_letter})")
}

/// Where the event came from, with what has happened to it since.
fn source(run: Run<'_>) -> String {
    let source = run.delivery.original_source();
    match &run.delivery.origin {
        Origin::Producer => source,
        Origin::Consumer { failures } => format!("{source} (failure {failures})"),
        Origin::Redrive { dead_letter, .. } => redrive_of(&source, dead_letter),
    }
}
