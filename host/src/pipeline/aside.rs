//! What failed and may work later: when it is tried again, what is put aside until then, and when it is given up.

use std::time::Duration;

use tidegate_engine::{Action, CallError, Decided, Violation};

use super::{
    Disposition, NotAcknowledged, Pipeline, Report, Run,
    judge::PolicyError,
    send::{Retryable, FailedPublish},
};
use crate::{
    claim::AcquiredClaim,
    clock,
    delivery::Delivery,
    revision::Judged,
    scheduled_retry::{self, Failure, DeadLetterReason, ScheduledRetry, Next},
    untrusted::Untrusted,
};

/// The shortest time that anything is put aside for.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);
/// The wait after the first fault of the policy on an event; each further one is twice as long.
const FIRST_FAULT_WAIT: Duration = Duration::from_secs(1);
/// The longest of them.
const LONGEST_FAULT_WAIT: Duration = Duration::from_mins(1);

impl Pipeline {
    /// An attempt failed: the policy decides whether there is another one, and when.
    pub(super) async fn after_failure(
        &self,
        run: Run<'_>,
        decided: &Decided,
        unsent: FailedPublish,
        claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        if let Some(suppressed) = self.unsent.pass() {
            let event_id = run.event_id.map(|id| tracing::field::display(Untrusted(id)));
            let (attempt, error) = (run.delivery.history.attempt, &unsent.summary);
            tracing::warn!(source = %run.delivery.source, event_id, attempt, error, suppressed, "an event could not be sent");
        }
        let mut delivery = run.delivery.clone();
        let history = &mut delivery.history;
        history.first_failure.get_or_insert_with(clock::now);
        history.last_error = Some(unsent.error.clone());
        history.sent = unsent.sent;
        if let Retryable::After(after) = unsent.retryable {
            let event_type = decided.event_type.as_deref().unwrap_or_default();
            let plan = match run.revision.policy.next_attempt(event_type, history.attempt).await {
                Ok(plan) => plan,
                Err(fault) => {
                    let run = Run {
                        delivery: &delivery,
                        ..run
                    };
                    return self.faulted(run, CallError::Fault(fault).into(), claim).await;
                }
            };
            if plan.action == Action::Retry {
                history.attempt += 1;
                let delay = self.retries.scaled(Duration::from_millis(plan.delay_ms.into()));
                return self
                    .schedule(run, delivery, Next::Process, delay.max(after), claim)
                    .await;
            }
        }
        let error = match (history.turn, &history.first_failure) {
            (1.., Some(first)) => format!("{}; it failed first at {first}", unsent.error),
            _ => unsent.error,
        };
        let failure = Failure {
            end: DeadLetterReason::Exhausted,
            error,
            violations: Vec::new(),
            tries: 0,
            judged_by: Some(run.revision.label().clone()),
        };
        let run = Run {
            delivery: &delivery,
            ..run
        };
        self.give_up(run, &failure, claim).await
    }

    /// The policy misbehaved. The event is tried again; it is given up only when the policy does well on others.
    pub(super) async fn faulted(
        &self,
        run: Run<'_>,
        error: PolicyError,
        claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        let line = super::chain(&error);
        let Some(kind) = error.kind() else {
            return Err(NotAcknowledged::Misuse(line));
        };
        let health = &run.revision.health;
        self.metrics.fault(kind);
        // An event counts once, however often it is tried again.
        if run.delivery.is_first() {
            health.faulted();
            self.count(run.revision, Judged::Fault);
        }
        let mut delivery = run.delivery.clone();
        let history = &mut delivery.history;
        history.first_failure.get_or_insert_with(clock::now);
        history.last_error = Some(line);
        let digest = Some(&run.revision.label().digest);
        if history.faulted_by.as_ref() != digest {
            history.faults = 0;
            history.faulted_by = digest.cloned();
        }
        // What a sick policy faults on says nothing about the event: it makes way for the next, and is not counted.
        history.faults = if health.is_sick() {
            history.faults.max(1)
        } else {
            history.faults.saturating_add(1)
        };
        let faults = history.faults;
        if faults >= self.retries.fault_limit && !health.is_sick() && health.passes_others() {
            let failure = Failure {
                end: DeadLetterReason::Rejected,
                error: format!("policy-fault: the policy faulted on it {faults} times ({kind}) and not on others"),
                violations: vec![policy_fault(kind)],
                tries: 0,
                judged_by: Some(run.revision.label().clone()),
            };
            let run = Run {
                delivery: &delivery,
                ..run
            };
            if claim.is_none() {
                self.claims.record_fault(&delivery, &failure).await?;
            }
            return self.give_up(run, &failure, claim).await;
        }
        let doublings = faults.saturating_sub(1).min(16);
        let wait = FIRST_FAULT_WAIT.saturating_mul(1 << doublings).min(LONGEST_FAULT_WAIT);
        let wait = self.retries.scaled(wait);
        self.schedule(run, delivery, Next::Process, wait, claim).await
    }

    /// Puts a delivery aside and leaves its claim for the turn in which it comes back.
    pub(super) async fn schedule(
        &self,
        run: Run<'_>,
        mut delivery: Delivery,
        next: Next,
        wait: Duration,
        claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        let wait = wait.clamp(SHORTEST_WAIT, scheduled_retry::LONGEST);
        let end = match &next {
            Next::Process => {
                self.join_queue(run, &mut delivery, wait).await?;
                Disposition::Scheduled
            }
            Next::DeadLetter(_) | Next::NotifyRollback(_) => {
                self.leave_queue(delivery.history.line.take().as_ref()).await;
                Disposition::DeadLetterScheduled
            }
        };
        delivery.history.turn += 1;
        let reason = format!(
            "{}; tried again in {wait:?}",
            delivery.history.last_error.as_deref().unwrap_or("put aside")
        );
        let hold = ScheduledRetry {
            due: clock::unix_millis().saturating_add(clock::millis(wait)),
            delivery,
            next,
        };
        self.scheduler.hold(&hold, wait).await?;
        if let Some(held) = claim
            && let Err(error) = self.claims.hold(held, hold.delivery.history.turn, wait).await
        {
            tracing::warn!(%error, "the claim stays until its lease ends");
        }
        Ok(run.report(end, &reason))
    }
}

fn policy_fault(kind: &str) -> Violation {
    Violation {
        code: "policy-fault".to_owned(),
        path: String::new(),
        message: format!("the policy cannot judge this event: {kind}"),
    }
}
