//! What failed and may work later: when it is tried again, what is put aside until then, and when it is given up.

use std::time::Duration;

use tidegate_engine::{Action, CallError, Verdict, Violation};

use super::{
    End, NotDone, Pipeline, Report, Run,
    judge::Misjudged,
    send::{Hope, Unsent},
};
use crate::{
    claim::Held,
    clock,
    delivery::Delivery,
    hold::{self, Failure, GivenUp, Hold, Next},
};

/// The wait after the first fault of the policy on an event; each further one is twice as long.
const FIRST_FAULT_WAIT: Duration = Duration::from_secs(1);
/// The longest of them.
const LONGEST_FAULT_WAIT: Duration = Duration::from_mins(1);

impl Pipeline {
    /// An attempt failed: the policy decides whether there is another one, and when.
    pub(super) async fn after_failure(
        &self,
        run: Run<'_>,
        verdict: &Verdict,
        unsent: Unsent,
        claim: Option<&mut Held>,
    ) -> Result<Report, NotDone> {
        let mut delivery = run.delivery.clone();
        let history = &mut delivery.history;
        history.first_failure.get_or_insert_with(clock::now);
        history.last_error = Some(unsent.error.clone());
        history.sent = unsent.sent;
        if let Hope::Later(after) = unsent.hope {
            let event_type = verdict.event_type.as_deref().unwrap_or_default();
            let decision = run.generation.policy.decide(event_type, history.attempt).await;
            let decision = decision.map_err(|fault| NotDone::Policy(CallError::Fault(fault)))?;
            if decision.action == Action::Retry {
                history.attempt += 1;
                let delay = self.retries.scaled(Duration::from_millis(decision.delay_ms.into()));
                return self
                    .put_aside(run, delivery, Next::Process, delay.max(after), claim)
                    .await;
            }
        }
        let failure = Failure {
            end: GivenUp::Undelivered,
            error: unsent.error,
            violations: Vec::new(),
            tries: 0,
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
        error: Misjudged,
        claim: Option<&mut Held>,
    ) -> Result<Report, NotDone> {
        let line = super::chain(&error);
        let Some(kind) = error.kind() else {
            return Err(NotDone::Misuse(line));
        };
        let health = &run.generation.health;
        health.faulted();
        self.metrics.fault(kind);
        if health.is_sick() {
            return Err(NotDone::SickPolicy);
        }
        let mut delivery = run.delivery.clone();
        let history = &mut delivery.history;
        history.first_failure.get_or_insert_with(clock::now);
        history.last_error = Some(line);
        history.faults = history.faults.saturating_add(1);
        let faults = history.faults;
        if faults >= self.retries.fault_limit && self.judges_others(run).await {
            let failure = Failure {
                end: GivenUp::Rejected,
                error: format!("policy-fault: the policy faulted on it {faults} times ({kind}) and not on others"),
                violations: vec![policy_fault(kind)],
                tries: 0,
            };
            let run = Run {
                delivery: &delivery,
                ..run
            };
            if claim.is_none() {
                self.claims.give_up_unjudged(&delivery, &failure).await?;
            }
            return self.give_up(run, &failure, claim).await;
        }
        let doublings = faults.saturating_sub(1).min(16);
        let wait = FIRST_FAULT_WAIT.saturating_mul(1 << doublings).min(LONGEST_FAULT_WAIT);
        let wait = self.retries.scaled(wait);
        self.put_aside(run, delivery, Next::Process, wait, claim).await
    }

    /// Puts a delivery aside and leaves its claim for the turn in which it comes back.
    pub(super) async fn put_aside(
        &self,
        run: Run<'_>,
        mut delivery: Delivery,
        next: Next,
        wait: Duration,
        claim: Option<&mut Held>,
    ) -> Result<Report, NotDone> {
        let wait = wait.min(hold::LONGEST);
        match &next {
            Next::Process => self.join_line(run, wait).await?,
            Next::GiveUp(_) => self.leave_line(run).await,
        }
        delivery.history.turn += 1;
        let reason = format!(
            "{}; tried again in {wait:?}",
            delivery.history.last_error.as_deref().unwrap_or("put aside")
        );
        let hold = Hold {
            due: clock::unix_millis().saturating_add(clock::millis(wait)),
            delivery,
            next,
        };
        self.timers.hold(&hold, wait).await?;
        if let Some(held) = claim
            && let Err(error) = self.claims.hold(held, hold.delivery.history.turn).await
        {
            tracing::warn!(%error, "the claim stays until its lease ends");
        }
        Ok(run.report(End::Held, &reason))
    }

    /// True when the policy gives verdicts on other events: on one of the last ones, else on its own examples.
    async fn judges_others(&self, run: Run<'_>) -> bool {
        run.generation.health.passes_others()
            || run
                .generation
                .policy
                .self_test()
                .await
                .is_ok_and(|report| report.passed())
    }
}

fn policy_fault(kind: &str) -> Violation {
    Violation {
        code: "policy-fault".to_owned(),
        path: String::new(),
        message: format!("the policy cannot judge this event: {kind}"),
    }
}
