//! The path of one delivery, from top to bottom: judge, claim, send, mark done; or put aside, or give up.
//!
//! Nothing is acknowledged before it is stored: a delivery is [`Ack::Done`] only when its outputs or its dead letter
//! have been taken by where they go, or when it is put aside where it survives a crash. Knows neither Dapr nor SQLite,
//! and never looks into an event.

mod aside;
mod give_up;
mod judge;
mod line;
mod outcome;
mod rollback;
mod send;
mod shadow;

use std::{collections::BTreeMap, sync::Arc};

use tidegate_engine::{Decision, Decided, Violation};
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    backend::Scheduler,
    claim::{Claim, Claims, AcquiredClaim},
    config::{Retries, Sink},
    delivery::Delivery,
    revision::{Revision, Revisions, RolledBack},
    scheduled_retry::{Failure, DeadLetterReason, ScheduledRetry, Next},
    metrics::Metrics,
    order::Order,
    reload::Reload,
    rate_limited_log::RateLimitedLog,
    shadow::Shadow,
    sink::Sinks,
    untrusted::Untrusted,
};
use judge::Judgement;
use line::Turn;
pub use outcome::{Ack, Disposition, NotAcknowledged, Report};
pub use rollback::announce;
use send::FailedPublish;

/// Takes deliveries to their end.
#[derive(Debug)]
pub struct Pipeline {
    /// The policy in force.
    pub revisions: Arc<Revisions>,
    /// What remembers which policies were gone back from.
    pub reload: Arc<Reload>,
    /// Where outputs go.
    pub sinks: Sinks,
    /// What puts deliveries aside.
    pub scheduler: Arc<dyn Scheduler>,
    /// What makes processing happen once.
    pub claims: Claims,
    /// What keeps the events of a key in order, where that is wanted.
    pub order: Option<Order>,
    /// Where each channel of the policy leads.
    pub channels: BTreeMap<String, Sink>,
    /// How often and when something is tried again.
    pub retries: Retries,
    /// The version in which events leave; `None`: the latest.
    pub target_version: Option<String>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Who is shown what was judged; `None`: there is no candidate.
    pub shadow: Option<Arc<Shadow>>,
    /// Who is told that the gate went back to an earlier policy by itself.
    pub rollbacks: UnboundedSender<RolledBack>,
    /// Log lines about deliveries that are not done.
    pub not_done: RateLimitedLog,
    /// Log lines about events that could not be sent.
    pub unsent: RateLimitedLog,
}

/// A delivery on its way, with the policy that it began with and what is known of its event.
#[derive(Debug, Clone, Copy)]
struct Run<'a> {
    revision: &'a Revision,
    delivery: &'a Delivery,
    event_id: Option<&'a str>,
    /// Partition key of the event.
    key: Option<&'a str>,
}

impl Pipeline {
    /// Takes one delivery to its end or puts it aside, or says why it must be brought again.
    pub async fn deliver(&self, delivery: &Delivery) -> Ack {
        self.account(delivery, self.process(delivery, None)).await
    }

    /// Goes on with a delivery that was put aside.
    pub async fn resume(&self, hold: &ScheduledRetry) -> Ack {
        let delivery = &hold.delivery;
        match &hold.next {
            Next::Process => self.deliver(delivery).await,
            Next::DeadLetter(failure) => self.account(delivery, self.resume_dead_letter(delivery, failure)).await,
            Next::NotifyRollback(rolled_back) => self.account(delivery, self.tell(delivery, rolled_back)).await,
        }
    }

    /// Takes an event back from a consumer that could not handle it: it is sent again on the policy's schedule, or
    /// given up.
    pub async fn take_back(&self, delivery: &Delivery, error: &str) -> Ack {
        self.account(delivery, self.process(delivery, Some(error))).await
    }

    /// `failed`: why the consumer that hands the event back could not handle it.
    async fn process(&self, delivery: &Delivery, failed: Option<&str>) -> Result<Report, NotAcknowledged> {
        let revision = self.revisions.current().ok_or(NotAcknowledged::NoPolicy)?;
        let run = Run::new(&revision, delivery);
        if !revision.health.admits(delivery.history.faults > 0) {
            return Err(NotAcknowledged::CircuitOpen);
        }
        if delivery.history.faults > 0
            && let Some(failure) = self.claims.recorded_fault(delivery).await?
        {
            return self.give_up(run, &failure, None).await;
        }
        let judged = self.judge(run, &delivery.at).await;
        self.offer_to_shadow(run, &judged);
        let judgement = match judged {
            Ok(judgement) => judgement,
            Err(error) => return self.faulted(run, error, None).await,
        };
        revision.health.passed();
        let decided = &judgement.decided;
        if delivery.is_first() {
            self.count(&revision, decided.decision.into());
        }
        let run = run.of(decided);
        match decided.decision {
            Decision::Drop => self.finish(run, &judgement, None).await,
            Decision::Reject => self.claim_and_finish(run, &judgement).await,
            Decision::Forward => {
                if let Some(error) = failed {
                    return self.after_failure(run, decided, FailedPublish::by_consumer(error), None).await;
                }
                let in_line = match self.await_order(run).await? {
                    Order::Proceed { in_line } => in_line,
                    Order::Scheduled(report) => return Ok(report),
                };
                let report = self.claim_and_finish(run, &judgement).await?;
                if in_line && report.disposition.is_last() && delivery.history.line.is_none() {
                    self.leave_queue(run.line().as_ref()).await;
                }
                Ok(report)
            }
        }
    }

    async fn claim_and_finish(&self, run: Run<'_>, judgement: &Judgement<'_>) -> Result<Report, NotAcknowledged> {
        let is_rejected = judgement.decided.decision == Decision::Reject;
        let claim = match run.event_id.filter(|_| run.delivery.once) {
            // What is not valid must not take an id away from what is. It may have been valid before.
            Some(event_id) if is_rejected => self.claims.claimed(event_id, run.delivery).await?,
            Some(event_id) => Some(self.claims.claim(event_id, run.delivery).await?),
            None => None,
        };
        let mut held = match claim {
            Some(Claim::Acquired(held)) => held,
            Some(Claim::Done) => return Ok(run.report(Disposition::Duplicate, "the event was taken before")),
            Some(Claim::Scheduled) => return Ok(run.report(Disposition::AlreadyScheduled, "the event was taken before and is put aside")),
            Some(Claim::InProgress(left)) => return Err(NotAcknowledged::Busy(left)),
            Some(Claim::Conflict) if !is_rejected => return self.give_up(run, &run.id_conflict(), None).await,
            Some(Claim::Conflict) | None => return self.finish(run, judgement, None).await,
        };
        let ended = self.go_on(run, judgement, &mut held).await;
        if ended.is_err()
            && let Err(error) = self.claims.release(&held).await
        {
            tracing::warn!(%error, "the claim stays until its lease ends");
        }
        ended
    }

    /// Goes on with a claim: with that of another, from where that one was.
    async fn go_on(&self, run: Run<'_>, judgement: &Judgement<'_>, held: &mut AcquiredClaim) -> Result<Report, NotAcknowledged> {
        if let Some(failure) = held.given_up().cloned() {
            return self.give_up(run, &failure, Some(held)).await;
        }
        // By the time of the first, so that a repeat is the same to the byte.
        let Some(at) = held.judged_at(run.delivery).map(str::to_owned) else {
            return self.finish(run, judgement, Some(held)).await;
        };
        match self.judge(run, &at).await {
            Ok(judgement) => self.finish(run, &judgement, Some(held)).await,
            Err(error) => self.faulted(run, error, Some(held)).await,
        }
    }

    /// Does what the policy says.
    async fn finish(
        &self,
        run: Run<'_>,
        judgement: &Judgement<'_>,
        claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        let decided = &judgement.decided;
        match decided.decision {
            Decision::Forward => self.send_all(run, judgement, claim).await,
            Decision::Reject => self.give_up(run, &run.rejection(decided), claim).await,
            Decision::Drop => {
                if let Some(held) = claim {
                    self.claims.done(held).await?;
                }
                Ok(run.report(Disposition::Dropped, &decided.reason))
            }
        }
    }

    async fn send_all(
        &self,
        run: Run<'_>,
        judgement: &Judgement<'_>,
        claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        let decided = &judgement.decided;
        match self.send(&judgement.outputs, run.delivery).await {
            Ok(sent) => {
                if let Some(held) = claim {
                    self.claims.done(held).await?;
                }
                let report = run.report(Disposition::Published, &decided.reason);
                Ok(Report { sent, ..report })
            }
            Err(unsent) => self.after_failure(run, decided, unsent, claim).await,
        }
    }

    async fn account(&self, delivery: &Delivery, end: impl Future<Output = Result<Report, NotAcknowledged>>) -> Ack {
        let _counted = self.metrics.enter();
        match end.await {
            Ok(report) => {
                if report.disposition.is_last() {
                    self.leave_queue(delivery.history.line.as_ref()).await;
                }
                self.metrics.ended(&delivery.source.topic, report.disposition);
                tracing::debug!(
                    source = %delivery.source,
                    event_id = report.event_id.as_deref().map(|id| tracing::field::display(Untrusted(id))),
                    end = report.disposition.as_str(),
                    revision = report.label.number,
                    "delivered"
                );
                Ack::Done(report)
            }
            Err(error) => {
                self.metrics.not_done(&delivery.source.topic);
                if let Some(suppressed) = self.not_done.pass() {
                    let error = chain(&error);
                    tracing::warn!(source = %delivery.source, error, suppressed, "not done; it will be brought again");
                }
                let wait = error.wait();
                Ack::Requeue { error, wait }
            }
        }
    }
}

impl<'a> Run<'a> {
    fn new(revision: &'a Revision, delivery: &'a Delivery) -> Self {
        Self {
            revision,
            delivery,
            event_id: None,
            key: None,
        }
    }

    /// With what the policy has read in the event.
    fn of(self, decided: &'a Decided) -> Self {
        Self {
            event_id: decided.event_id.as_deref(),
            key: decided.outputs.first().map(|output| &*output.key),
            ..self
        }
    }

    fn report(&self, end: Disposition, reason: &str) -> Report {
        Report {
            end,
            reason: reason.to_owned(),
            event_id: self.event_id.map(str::to_owned),
            sent: Vec::new(),
            violations: Vec::new(),
            label: self.revision.label().clone(),
        }
    }

    fn rejection(&self, decided: &Decided) -> Failure {
        self.rejected(decided.reason.clone(), decided.violations.clone())
    }

    fn id_conflict(&self) -> Failure {
        let violation = Violation {
            code: "id-conflict".to_owned(),
            path: "/event_id".to_owned(),
            message: "another event with this event_id was processed before; ids must not be used twice".to_owned(),
        };
        self.rejected(format!("{}: {}", violation.code, violation.message), vec![violation])
    }

    fn rejected(&self, error: String, violations: Vec<Violation>) -> Failure {
        Failure {
            end: DeadLetterReason::Rejected,
            error,
            violations,
            tries: 0,
            judged_by: Some(self.revision.label().clone()),
        }
    }
}

/// The error and everything beneath it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        source = cause.source();
    }
    line
}
