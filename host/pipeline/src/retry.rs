//! Failed attempts: when the next one is scheduled, and when the event is dead-lettered instead. Knows nothing of how a
//! retry is stored.

use std::time::Duration;

use tidegate_engine::{Action, CallError, Fault, Violation};
use tidegate_model::{
    clock,
    delivery::Delivery,
    disposition::{DeadLetterReason, Disposition},
    error::chain,
    scheduled_retry::{Failure, LONGEST_DELAY, Next, ScheduledRetry},
    untrusted::Untrusted,
};
use tidegate_policies::{decision::Usable, revisions::CallResult};

use crate::{
    ack::{NotAcknowledged, Report},
    claim::AcquiredClaim,
    judge::PolicyError,
    pipeline::Pipeline,
    publish::{FailedPublish, Retryable},
    run::Run,
};

/// The shortest delay.
const SHORTEST_DELAY: Duration = Duration::from_millis(5);
/// The delay after the first fault of the policy on an event; each further one is twice as long.
const FIRST_FAULT_DELAY: Duration = Duration::from_secs(1);
/// The longest delay after a fault.
const LONGEST_FAULT_DELAY: Duration = Duration::from_mins(1);

impl Pipeline {
    /// An attempt failed: the policy plans the next one, or the event is dead-lettered.
    pub(super) async fn after_failure(
        &self,
        run: Run<'_>,
        decision: &Usable,
        failed: FailedPublish,
        claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        let event_type = decision.event_type.as_deref().unwrap_or_default();
        let mut delivery = self.record_failure(run, &failed);
        delivery.history.published.clone_from(&failed.published);
        let delay = self.delay_after(run, event_type, failed.retryable).await;
        let run = Run {
            delivery: &delivery,
            ..run
        };
        match delay {
            Err(fault) => self.faulted(run, CallError::Fault(fault).into(), claim).await,
            Ok(None) => self.dead_letter(run, &exhausted(run, failed.error), claim).await,
            Ok(Some(delay)) => {
                let mut delivery = delivery.clone();
                delivery.history.attempt += 1;
                self.schedule(run, delivery, Next::Process, delay, claim).await
            }
        }
    }

    /// The delivery with a failed attempt in its history, which is logged.
    pub(super) fn record_failure(&self, run: Run<'_>, failed: &FailedPublish) -> Delivery {
        if let Some(suppressed) = self.publish_log.allow() {
            let event_id = run.event_id().map(|id| tracing::field::display(Untrusted(id)));
            let (attempt, error) = (run.delivery.history.attempt, &failed.summary);
            tracing::warn!(source = %run.delivery.source, event_id, attempt, error, suppressed, "an event could not be published");
        }
        let mut delivery = run.delivery.clone();
        delivery.history.first_failure.get_or_insert_with(clock::now);
        delivery.history.last_error = Some(failed.error.clone());
        delivery
    }

    /// The delay of the next attempt at an event of a type; `None`: there is none.
    pub(super) async fn delay_after(
        &self,
        run: Run<'_>,
        event_type: &str,
        retryable: Retryable,
    ) -> Result<Option<Duration>, Fault> {
        let Retryable::After(after) = retryable else {
            return Ok(None);
        };
        let attempt = run.delivery.history.attempt;
        let plan = run.revision.policy.next_attempt(event_type, attempt).await?;
        let delay = self.retries.scaled(Duration::from_millis(plan.delay_ms.into()));
        Ok((plan.action == Action::Retry).then(|| delay.max(after)))
    }

    /// The policy faulted. The event is retried; it is dead-lettered only when the policy decides on others.
    pub(super) async fn faulted(
        &self,
        run: Run<'_>,
        error: PolicyError,
        claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        let line = chain(&error);
        let Some(kind) = error.kind() else {
            return Err(NotAcknowledged::Misuse(line));
        };
        let breaker = &run.revision.breaker;
        self.metrics.fault(kind);
        // An event counts once, however often it is retried.
        if run.delivery.is_first() {
            breaker.record_fault();
            self.count(run.revision, CallResult::Fault);
        }
        let mut delivery = run.delivery.clone();
        let history = &mut delivery.history;
        history.first_failure.get_or_insert_with(clock::now);
        history.last_error = Some(line);
        let digest = Some(&run.revision.id().digest);
        if history.faulted_by.as_ref() != digest {
            history.faults = 0;
            history.faulted_by = digest.cloned();
        }
        // Faults while the breaker is not closed say nothing about the event: they are not counted.
        history.faults = if breaker.is_closed() {
            history.faults.saturating_add(1)
        } else {
            history.faults.max(1)
        };
        let faults = history.faults;
        if faults >= self.retries.fault_limit && breaker.is_closed() && breaker.has_recent_decision() {
            let failure = Failure {
                reason: DeadLetterReason::Fault,
                error: format!("policy-fault: the policy faulted on it {faults} times ({kind}) and not on others"),
                violations: vec![policy_fault(kind)],
                names: run.names(),
                attempts: 0,
                decided_by: run.revision.id().clone(),
            };
            let run = Run {
                delivery: &delivery,
                ..run
            };
            if claim.is_none() {
                self.claims.record_fault(&delivery, &failure).await?;
            }
            return self.dead_letter(run, &failure, claim).await;
        }
        let doublings = faults.saturating_sub(1).min(16);
        let delay = FIRST_FAULT_DELAY
            .saturating_mul(1 << doublings)
            .min(LONGEST_FAULT_DELAY);
        let delay = self.retries.scaled(delay);
        self.schedule(run, delivery, Next::Process, delay, claim).await
    }

    /// Schedules a retry, and marks its claim as scheduled.
    pub(super) async fn schedule(
        &self,
        run: Run<'_>,
        mut delivery: Delivery,
        next: Next,
        delay: Duration,
        claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        let delay = delay.clamp(SHORTEST_DELAY, LONGEST_DELAY);
        let disposition = match &next {
            Next::Process => {
                self.join_queue(run, &mut delivery, delay).await?;
                Disposition::Scheduled
            }
            Next::Publish(_) => Disposition::OutputsScheduled,
            Next::DeadLetter(_) | Next::NotifyRollback(_) => {
                self.leave_queue(delivery.history.queue.take().as_ref()).await;
                Disposition::DeadLetterScheduled
            }
        };
        delivery.history.times_scheduled += 1;
        let reason = match delivery.history.last_error.as_deref() {
            Some(error) => format!("{error}; retry in {delay:?}"),
            None => format!("retry in {delay:?}"),
        };
        let retry = ScheduledRetry {
            due: clock::unix_millis().saturating_add(clock::millis(delay)),
            delivery,
            next,
        };
        self.scheduler.schedule(&retry, delay).await?;
        if let Some(claim) = claim
            && let Err(error) = self
                .claims
                .schedule(claim, retry.delivery.history.times_scheduled, delay)
                .await
        {
            tracing::warn!(%error, "the claim could not be marked as scheduled; it stays until its lease expires");
        }
        Ok(run.report(disposition, &reason))
    }
}

/// Why an event is dead-lettered for which no attempt is left.
pub(super) fn exhausted(run: Run<'_>, error: String) -> Failure {
    let history = &run.delivery.history;
    let error = match (history.times_scheduled, &history.first_failure) {
        (1.., Some(first)) => format!("{error}; it failed first at {first}"),
        _ => error,
    };
    Failure {
        reason: DeadLetterReason::Exhausted,
        error,
        violations: Vec::new(),
        names: run.names(),
        attempts: 0,
        decided_by: run.revision.id().clone(),
    }
}

fn policy_fault(kind: &str) -> Violation {
    Violation {
        code: "policy-fault".to_owned(),
        path: String::new(),
        message: format!("the policy cannot judge this event: {kind}"),
        rule: None,
        version: None,
    }
}
