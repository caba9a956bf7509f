//! The path of one delivery: decide, claim, publish, mark done; or schedule a retry, or dead-letter. Knows nothing of how
//! each step works.

use tidegate_engine::Decision;
use tidegate_model::{delivery::Delivery, disposition::Disposition};

use crate::{
    ack::{NotAcknowledged, Report},
    claim::{AcquiredClaim, Claim},
    judge::AddressedDecision,
    ordering::Order,
    pipeline::Pipeline,
    publish::FailedPublish,
    run::Run,
};

impl Pipeline {
    /// `failed`: why the consumer could not handle the event, if one hands it back.
    pub(super) async fn process(&self, delivery: &Delivery, failed: Option<&str>) -> Result<Report, NotAcknowledged> {
        let revision = self.revisions.current().ok_or(NotAcknowledged::NoPolicy)?;
        let run = Run::new(&revision, delivery);
        if let Some(unjudged) = &delivery.unjudged {
            return self.unjudged(run, unjudged).await;
        }
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
        let claim = match run.claim().filter(|_| run.delivery.once) {
            // An invalid event must not claim the id of a valid one. It may have been valid before, and have a claim.
            Some(claim) if is_rejected => self.claims.claimed(claim, &run.digest(), run.delivery).await?,
            Some(claim) => Some(self.claims.claim(claim, &run.digest(), run.delivery).await?),
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
        let later = addressed
            .outputs
            .iter()
            .filter(|output| output.waits_until().is_some())
            .count();
        match self.publish(&addressed.outputs, run).await {
            Ok(published) => {
                if let Some(claim) = claim {
                    self.claims.done(claim).await?;
                }
                let report = match later {
                    0 => run.report(Disposition::Published, &decision.reason),
                    later => {
                        let reason = format!("{}; {later} of its outputs leave later", decision.reason);
                        run.report(Disposition::OutputsScheduled, &reason)
                    }
                };
                Ok(Report { published, ..report })
            }
            Err(failed) => self.after_failure(run, decision, failed, claim).await,
        }
    }
}
