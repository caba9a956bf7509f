//! Giving an event up: its dead letter and its alerts, as the policy builds them. When they cannot be sent they are put
//! aside like any event, for as long as it takes: a dead letter is never given up.

use std::time::Duration;

use tidegate_engine::{FailedEvent, Output};

use super::{
    Disposition, NotAcknowledged, Pipeline, Report, Run,
    judge::PolicyError,
    send::{Retryable, FailedPublish},
};
use crate::{
    backend::BackendError,
    claim::AcquiredClaim,
    clock, dead_letter,
    delivery::{Delivery, Origin},
    revision::Label,
    scheduled_retry::{Failure, DeadLetterReason, Next},
};

/// The wait before a dead letter is sent again for the first time; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest of them.
const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// Dead letters of one event that consumers failed on and that were brought back, as far as they are looked for.
const MOST_REDRIVES: usize = 100;

impl Pipeline {
    /// Sends the dead letter and the alerts of an event, or puts them aside.
    pub(super) async fn give_up(
        &self,
        run: Run<'_>,
        failure: &Failure,
        mut claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        if let Some(held) = claim.as_deref_mut()
            && held.given_up().is_none()
            && !self.claims.give_up(held, failure).await?
        {
            return Err(NotAcknowledged::Busy(Duration::ZERO));
        }
        let unsent = match self.dead_letter(run, failure).await {
            Ok(sent) => {
                if let Some(held) = claim {
                    self.claims.done(held).await?;
                }
                let end = match failure.end {
                    DeadLetterReason::Rejected => Disposition::DeadLettered(DeadLetterReason::Rejected),
                    DeadLetterReason::Exhausted => Disposition::DeadLetterReason,
                };
                let report = run.report(end, &failure.error);
                return Ok(Report {
                    sent,
                    violations: failure.violations.clone(),
                    label: judged_by(run, failure).clone(),
                    ..report
                });
            }
            Err(unsent) => unsent,
        };
        tracing::warn!(source = %run.delivery.source, error = unsent.summary, "a dead letter could not be sent; it is put aside");
        let mut delivery = run.delivery.clone();
        delivery.history.sent = unsent.sent;
        let wait = FIRST_WAIT
            .saturating_mul(2_u32.saturating_pow(failure.tries))
            .min(LONGEST_WAIT);
        let wait = match unsent.retryable {
            Retryable::After(after) => self.retries.scaled(wait).max(after),
            Retryable::Never => self.retries.scaled(wait),
        };
        let failure = Failure {
            tries: failure.tries.saturating_add(1),
            ..failure.clone()
        };
        let violations = failure.violations.clone();
        let label = judged_by(run, &failure).clone();
        let report = self
            .schedule(run, delivery, Next::DeadLetter(failure), wait, claim)
            .await?;
        Ok(Report {
            violations,
            label,
            ..report
        })
    }

    /// Goes on with a dead letter that was put aside.
    pub(super) async fn resume_dead_letter(&self, delivery: &Delivery, failure: &Failure) -> Result<Report, NotAcknowledged> {
        let revision = self.revisions.current().ok_or(NotAcknowledged::NoPolicy)?;
        self.give_up(Run::new(&revision, delivery), failure, None).await
    }

    async fn dead_letter(&self, run: Run<'_>, failure: &Failure) -> Result<Vec<(String, String)>, FailedPublish> {
        let delivery = run.delivery;
        let now = clock::now();
        let unmade = |error: DeadLetterError| {
            if let DeadLetterError::PolicyError(error) = &error {
                self.metrics.fault(error.kind().unwrap_or("misuse"));
            }
            FailedPublish {
                sent: delivery.history.sent.clone(),
                error: super::chain(&error),
                summary: super::chain(&error),
                retryable: Retryable::After(Duration::ZERO),
            }
        };
        let outputs = self.letter(run, failure, &now).await.map_err(unmade)?;
        let label = judged_by(run, failure);
        let outputs = self.address(&outputs, delivery, &now, label);
        let outputs = outputs.map_err(|error| unmade(error.into()))?;
        self.send(&outputs, delivery).await
    }

    /// The dead letter and its alerts. A consumer that fails again on what was brought back makes another dead letter than
    /// that one, and by handing it in twice the same.
    async fn letter(&self, run: Run<'_>, failure: &Failure, now: &str) -> Result<Vec<Output>, DeadLetterError> {
        let policy = &run.revision.policy;
        let mut failed = failed(run, failure);
        let mut outputs = policy.dead_letter(&failed, now).await.map_err(PolicyError::from)?;
        if !matches!(run.delivery.origin, Origin::Consumer { .. }) {
            return Ok(outputs);
        }
        let source = failed.source.clone();
        for _ in 0..MOST_REDRIVES {
            let Some(letter) = outputs
                .iter()
                .find(|output| output.event_type == dead_letter::EVENT_TYPE)
            else {
                break;
            };
            let mut sent = run.delivery.history.sent.iter();
            if sent.any(|(_, id)| *id == letter.id) || !self.claims.is_redriven(&letter.id).await? {
                break;
            }
            failed.source = redrive_of(&source, &letter.id);
            outputs = policy.dead_letter(&failed, now).await.map_err(PolicyError::from)?;
        }
        Ok(outputs)
    }
}

/// Why there is no dead letter yet.
#[derive(Debug, thiserror::Error)]
enum DeadLetterError {
    #[error(transparent)]
    PolicyError(#[from] PolicyError),
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Where the event of a dead letter came from that was brought back: part of the next one's id, which so is another.
fn redrive_of(source: &str, dead_letter: &str) -> String {
    format!("{source} (redrive of {dead_letter})")
}

fn failed(run: Run<'_>, failure: &Failure) -> FailedEvent {
    let (original, encoding) = dead_letter::encoded(&run.delivery.event);
    let source = match &run.delivery.origin {
        Origin::Producer => run.delivery.came_from(),
        Origin::Consumer { failures } => format!("{} (failure {failures})", run.delivery.came_from()),
        Origin::Redrive { dead_letter, .. } => redrive_of(&run.delivery.came_from(), dead_letter),
    };
    FailedEvent {
        original,
        encoding,
        error: failure.error.clone(),
        retry_count: run.delivery.history.attempt,
        violations: failure.violations.clone(),
        source,
        policy: judged_by(run, failure).digest.clone(),
    }
}

/// Who is named for the decision, whoever builds the dead letter.
fn judged_by<'a>(run: Run<'a>, failure: &'a Failure) -> &'a Label {
    failure.judged_by.as_ref().unwrap_or_else(|| run.revision.label())
}
