//! The path of one delivery, from top to bottom: decide, claim, publish, mark done; or schedule a retry, or dead-letter.
//!
//! Nothing is acknowledged before it is stored: a delivery is [`Ack::Done`] only when its sinks have accepted its outputs
//! or its dead letter, or when its retry is scheduled where it survives a crash. Knows neither Dapr nor SQLite nor HTTP,
//! and never looks into an event.

mod ack;
pub mod claim;
mod dead_letter;
mod judge;
pub mod key_queue;
mod ordering;
mod publish;
mod retry;
mod rollback;
mod shadow;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tidegate_engine::{Decision, Violation};
use tidegate_metrics::Metrics;
use tidegate_model::{
    backend::{Publisher, Scheduler},
    delivery::Delivery,
    disposition::{DeadLetterReason, Disposition},
    error::chain,
    rate_limited_log::RateLimitedLog,
    revision::RolledBack,
    scheduled_retry::{Failure, Next, ScheduledRetry},
    untrusted::Untrusted,
};
use tidegate_policies::{
    decision::Usable,
    reload::Reload,
    revision::{Revision, Revisions},
    shadow::Shadow,
};
use tokio::sync::mpsc::UnboundedSender;

pub use self::{
    ack::{Ack, NotAcknowledged, Report},
    rollback::notify_rollbacks,
};
use self::{
    claim::{AcquiredClaim, Claim, Claims},
    judge::AddressedDecision,
    key_queue::KeyQueues,
    ordering::Order,
    publish::FailedPublish,
};

/// Processes deliveries.
#[derive(Debug)]
pub struct Pipeline {
    /// The current revision and those before it.
    pub revisions: Arc<Revisions>,
    /// Keeps the denylist.
    pub reload: Arc<Reload>,
    /// Where each channel leads.
    pub channels: BTreeMap<String, Arc<dyn Publisher>>,
    /// Schedules retries.
    pub scheduler: Arc<dyn Scheduler>,
    /// Makes processing happen once.
    pub claims: Claims,
    /// Keeps the events of a key in order; `None`: ordering is off.
    pub queues: Option<KeyQueues>,
    /// The delays of retries.
    pub retries: Retries,
    /// The version in which events are published; `None`: the latest.
    pub target_version: Option<String>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// Judges a copy of the deliveries; `None`: there is no shadow policy.
    pub shadow: Option<Arc<Shadow>>,
    /// Notifies operations of automatic rollbacks.
    pub rollbacks: UnboundedSender<RolledBack>,
    /// Log lines about deliveries that are not acknowledged.
    pub requeued_log: RateLimitedLog,
    /// Log lines about events that could not be published.
    pub publish_log: RateLimitedLog,
}

/// The delays of retries.
#[derive(Debug, Clone, Copy)]
pub struct Retries {
    /// Factor on every delay.
    pub scale: f64,
    /// Faults on one event after which it is dead-lettered, if the policy decides on others.
    pub fault_limit: u32,
}

impl Retries {
    /// A delay, scaled.
    pub fn scaled(&self, delay: Duration) -> Duration {
        Duration::try_from_secs_f64(delay.as_secs_f64() * self.scale).unwrap_or(Duration::MAX)
    }
}

/// A delivery in progress, with the revision that it began with and what is known of its event.
#[derive(Debug, Clone, Copy)]
struct Run<'a> {
    revision: &'a Revision,
    delivery: &'a Delivery,
    event_id: Option<&'a str>,
    /// Partition key of the event.
    key: Option<&'a str>,
}

impl Pipeline {
    /// Processes one delivery, or returns why it must be redelivered.
    pub async fn deliver(&self, delivery: &Delivery) -> Ack {
        self.account(delivery, self.process(delivery, None)).await
    }

    /// Processes a scheduled retry that is due.
    pub async fn resume(&self, retry: &ScheduledRetry) -> Ack {
        let delivery = &retry.delivery;
        match &retry.next {
            Next::Process => self.deliver(delivery).await,
            Next::DeadLetter(failure) => self.account(delivery, self.resume_dead_letter(delivery, failure)).await,
            Next::NotifyRollback(rolled_back) => {
                self.account(delivery, self.notify_rollback(delivery, rolled_back))
                    .await
            }
        }
    }

    /// A consumer could not handle an event: it is published again on the policy's schedule, or dead-lettered.
    pub async fn consumer_failed(&self, delivery: &Delivery, error: &str) -> Ack {
        self.account(delivery, self.process(delivery, Some(error))).await
    }

    /// `failed`: why the consumer could not handle the event, if one hands it back.
    async fn process(&self, delivery: &Delivery, failed: Option<&str>) -> Result<Report, NotAcknowledged> {
        let revision = self.revisions.current().ok_or(NotAcknowledged::NoPolicy)?;
        let run = Run::new(&revision, delivery);
        if !revision.breaker.allows(delivery.history.faults > 0) {
            return Err(NotAcknowledged::CircuitOpen);
        }
        if delivery.history.faults > 0
            && let Some(failure) = self.claims.recorded_fault(delivery).await?
        {
            return self.dead_letter(run, &failure, None).await;
        }
        let addressed = self.judge(run, &delivery.at).await;
        self.offer_to_shadow(run, &addressed);
        let addressed = match addressed {
            Ok(addressed) => addressed,
            Err(error) => return self.faulted(run, error, None).await,
        };
        revision.breaker.record_decision();
        let decision = &addressed.decision;
        if delivery.is_first() {
            self.count(&revision, decision.decision.into());
        }
        let run = run.with(decision);
        match decision.decision {
            Decision::Drop => self.finish(run, &addressed, None).await,
            Decision::Reject => self.claim_and_finish(run, &addressed).await,
            Decision::Forward => {
                if let Some(error) = failed {
                    return self
                        .after_failure(run, decision, FailedPublish::by_consumer(error), None)
                        .await;
                }
                let is_queued = match self.await_order(run).await? {
                    Order::Proceed { is_queued } => is_queued,
                    Order::Scheduled(report) => return Ok(report),
                };
                let report = self.claim_and_finish(run, &addressed).await?;
                if is_queued && report.disposition.is_final() && delivery.history.queue.is_none() {
                    self.leave_queue(run.queue_entry().as_ref()).await;
                }
                Ok(report)
            }
        }
    }

    async fn claim_and_finish(
        &self,
        run: Run<'_>,
        addressed: &AddressedDecision<'_>,
    ) -> Result<Report, NotAcknowledged> {
        let is_rejected = addressed.decision.decision == Decision::Reject;
        let claim = match run.event_id.filter(|_| run.delivery.once) {
            // An invalid event must not claim the id of a valid one. It may have been valid before, and have a claim.
            Some(event_id) if is_rejected => self.claims.claimed(event_id, run.delivery).await?,
            Some(event_id) => Some(self.claims.claim(event_id, run.delivery).await?),
            None => None,
        };
        let mut claim = match claim {
            Some(Claim::Acquired(claim)) => claim,
            Some(Claim::Done) => return Ok(run.report(Disposition::Duplicate, "the event was processed before")),
            Some(Claim::Scheduled) => {
                let reason = "the event was processed before, and its retry is scheduled";
                return Ok(run.report(Disposition::AlreadyScheduled, reason));
            }
            Some(Claim::InProgress(remaining)) => return Err(NotAcknowledged::InProgress(remaining)),
            Some(Claim::Conflict) if !is_rejected => return self.dead_letter(run, &run.id_conflict(), None).await,
            Some(Claim::Conflict) | None => return self.finish(run, addressed, None).await,
        };
        let finished = self.finish_claimed(run, addressed, &mut claim).await;
        if finished.is_err()
            && let Err(error) = self.claims.release(&claim).await
        {
            tracing::warn!(%error, "the claim could not be released; it stays until its lease expires");
        }
        finished
    }

    /// Finishes an event under its claim. A claim that was taken over is resumed from its recorded state.
    async fn finish_claimed(
        &self,
        run: Run<'_>,
        addressed: &AddressedDecision<'_>,
        claim: &mut AcquiredClaim,
    ) -> Result<Report, NotAcknowledged> {
        if let Some(failure) = claim.failure().cloned() {
            return self.dead_letter(run, &failure, Some(claim)).await;
        }
        // Judged at the time of the first delivery, so that its outputs are the same to the byte.
        let Some(at) = claim.decided_at(run.delivery).map(str::to_owned) else {
            return self.finish(run, addressed, Some(claim)).await;
        };
        match self.judge(run, &at).await {
            Ok(addressed) => self.finish(run, &addressed, Some(claim)).await,
            Err(error) => self.faulted(run, error, Some(claim)).await,
        }
    }

    /// Carries the decision out.
    async fn finish(
        &self,
        run: Run<'_>,
        addressed: &AddressedDecision<'_>,
        claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        let decision = &addressed.decision;
        match decision.decision {
            Decision::Forward => self.forward(run, addressed, claim).await,
            Decision::Reject => self.dead_letter(run, &run.rejection(decision), claim).await,
            Decision::Drop => {
                if let Some(claim) = claim {
                    self.claims.done(claim).await?;
                }
                Ok(run.report(Disposition::Dropped, &decision.reason))
            }
        }
    }

    async fn forward(
        &self,
        run: Run<'_>,
        addressed: &AddressedDecision<'_>,
        claim: Option<&mut AcquiredClaim>,
    ) -> Result<Report, NotAcknowledged> {
        let decision = &addressed.decision;
        match self.publish(&addressed.outputs, run.delivery).await {
            Ok(published) => {
                if let Some(claim) = claim {
                    self.claims.done(claim).await?;
                }
                let report = run.report(Disposition::Published, &decision.reason);
                Ok(Report { published, ..report })
            }
            Err(failed) => self.after_failure(run, decision, failed, claim).await,
        }
    }

    async fn account(
        &self,
        delivery: &Delivery,
        processed: impl Future<Output = Result<Report, NotAcknowledged>>,
    ) -> Ack {
        let _counted = self.metrics.enter();
        match processed.await {
            Ok(report) => {
                if report.disposition.is_final() {
                    self.leave_queue(delivery.history.queue.as_ref()).await;
                }
                self.metrics.acknowledged(&delivery.source.topic, report.disposition);
                tracing::debug!(
                    source = %delivery.source,
                    event_id = report.event_id.as_deref().map(|id| tracing::field::display(Untrusted(id))),
                    disposition = report.disposition.as_str(),
                    revision = report.revision.number,
                    "delivery processed"
                );
                Ack::Done(report)
            }
            Err(error) => {
                self.metrics.requeued(&delivery.source.topic);
                if let Some(suppressed) = self.requeued_log.allow() {
                    let error = chain(&error);
                    tracing::warn!(source = %delivery.source, error, suppressed, "delivery not acknowledged; it will be redelivered");
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

    /// With the id and the key that the policy has read.
    fn with(self, decision: &'a Usable) -> Self {
        Self {
            event_id: decision.event_id.as_deref(),
            key: decision.outputs.first().map(|output| &*output.key),
            ..self
        }
    }

    fn report(&self, disposition: Disposition, reason: &str) -> Report {
        Report {
            disposition,
            reason: reason.to_owned(),
            event_id: self.event_id.map(str::to_owned),
            published: Vec::new(),
            violations: Vec::new(),
            revision: self.revision.id().clone(),
        }
    }

    fn rejection(&self, decision: &Usable) -> Failure {
        self.rejected(decision.reason.clone(), decision.violations.clone())
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
            reason: DeadLetterReason::Rejected,
            error,
            violations,
            attempts: 0,
            decided_by: self.revision.id().clone(),
        }
    }
}
