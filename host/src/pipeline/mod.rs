//! The path of one delivery, from top to bottom: judge, claim, send, mark done; or put aside, or give up.
//!
//! Nothing is acknowledged before it is stored: a delivery is [`Ack::Done`] only when its outputs or its dead letter
//! have been taken by where they go, or when it is put aside where it survives a crash. Knows neither Dapr nor SQLite,
//! and never looks into an event.

mod aside;
mod give_up;
mod judge;
mod outcome;
mod send;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tidegate_engine::{Outcome, Verdict, Violation};

use crate::{
    backend::Timers,
    claim::{Claim, Claims, Held},
    config::{Retries, Sink},
    delivery::Delivery,
    generation::{Generation, Generations},
    hold::{Failure, GivenUp, Hold, Next},
    metrics::Metrics,
    sink::Sinks,
};
use judge::Judgement;
pub use outcome::{Ack, End, NotDone, Report};
use send::{Hope, Unsent};

/// Takes deliveries to their end.
#[derive(Debug)]
pub struct Pipeline {
    /// The policy in force.
    pub generations: Arc<Generations>,
    /// Where outputs go.
    pub sinks: Sinks,
    /// What puts deliveries aside.
    pub timers: Arc<dyn Timers>,
    /// What makes processing happen once.
    pub claims: Claims,
    /// Where each channel of the policy leads.
    pub channels: BTreeMap<String, Sink>,
    /// How often and when something is tried again.
    pub retries: Retries,
    /// The version in which events leave; `None`: the latest.
    pub target_version: Option<String>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// A delivery on its way, with the policy that it began with.
#[derive(Debug, Clone, Copy)]
struct Run<'a> {
    generation: &'a Generation,
    delivery: &'a Delivery,
}

impl Pipeline {
    /// Takes one delivery to its end or puts it aside, or says why it must be brought again.
    pub async fn deliver(&self, delivery: &Delivery) -> Ack {
        self.account(delivery, self.process(delivery)).await
    }

    /// Goes on with a delivery that was put aside.
    pub async fn resume(&self, hold: &Hold) -> Ack {
        let delivery = &hold.delivery;
        match &hold.next {
            Next::Process => self.deliver(delivery).await,
            Next::GiveUp(failure) => self.account(delivery, self.bury(delivery, failure)).await,
        }
    }

    /// Takes an event back from a consumer that could not handle it: it is sent again on the policy's schedule, or
    /// given up.
    pub async fn take_back(&self, delivery: &Delivery, error: &str) -> Ack {
        self.account(delivery, self.schedule(delivery, error)).await
    }

    async fn process(&self, delivery: &Delivery) -> Result<Report, NotDone> {
        let generation = self.generations.current().ok_or(NotDone::NoPolicy)?;
        let run = Run {
            generation: &generation,
            delivery,
        };
        if !generation.health.admits() {
            return Err(NotDone::SickPolicy);
        }
        let judgement = match self.judge(run, &delivery.at).await {
            Ok(judgement) => judgement,
            Err(error) => return self.faulted(run, error, None).await,
        };
        generation.health.passed();
        let verdict = &judgement.verdict;
        let event_id = verdict.event_id.as_deref();
        match verdict.outcome {
            Outcome::Drop => Ok(run.report(End::Drop, &verdict.reason, event_id)),
            Outcome::Reject => self.give_up(run, &rejection(verdict), event_id, None).await,
            Outcome::Forward if delivery.once => {
                match self.claims.claim(event_id.unwrap_or_default(), delivery).await? {
                    Claim::Mine(held) => self.forward(run, judgement, Some(held)).await,
                    Claim::Repeat => Ok(run.report(End::Duplicate, "the event was taken before", event_id)),
                    Claim::Busy(left) => Err(NotDone::Busy(left)),
                    Claim::Conflict => self.give_up(run, &id_conflict(), event_id, None).await,
                }
            }
            Outcome::Forward => self.forward(run, judgement, None).await,
        }
    }

    async fn forward(&self, run: Run<'_>, judgement: Judgement<'_>, claim: Option<Held>) -> Result<Report, NotDone> {
        let ended = self.send_all(run, judgement, claim.as_ref()).await;
        if let (Err(_), Some(held)) = (&ended, &claim)
            && let Err(error) = self.claims.release(held).await
        {
            tracing::warn!(%error, "the claim stays until its lease ends");
        }
        ended
    }

    async fn send_all(
        &self,
        run: Run<'_>,
        mut judgement: Judgement<'_>,
        claim: Option<&Held>,
    ) -> Result<Report, NotDone> {
        // Who takes over judges by the time of the first, so that a repeat is the same to the byte.
        if let Some(at) = claim.and_then(|held| held.judged_at(run.delivery)) {
            judgement = match self.judge(run, at).await {
                Ok(judgement) => judgement,
                Err(error) => return self.faulted(run, error, claim).await,
            };
        }
        let verdict = &judgement.verdict;
        match self.send(&judgement.outputs, run.delivery).await {
            Ok(sent) => {
                if let Some(held) = claim {
                    self.claims.done(held).await?;
                }
                let report = run.report(End::Forward, &verdict.reason, verdict.event_id.as_deref());
                Ok(Report { sent, ..report })
            }
            Err(unsent) => self.after_failure(run, verdict, unsent, claim).await,
        }
    }

    /// What a consumer hands back: the policy decides whether it is sent again, and when.
    async fn schedule(&self, delivery: &Delivery, error: &str) -> Result<Report, NotDone> {
        let generation = self.generations.current().ok_or(NotDone::NoPolicy)?;
        let run = Run {
            generation: &generation,
            delivery,
        };
        if !generation.health.admits() {
            return Err(NotDone::SickPolicy);
        }
        let judgement = match self.judge(run, &delivery.at).await {
            Ok(judgement) => judgement,
            Err(error) => return self.faulted(run, error, None).await,
        };
        generation.health.passed();
        let verdict = &judgement.verdict;
        match verdict.outcome {
            Outcome::Drop => Ok(run.report(End::Drop, &verdict.reason, verdict.event_id.as_deref())),
            Outcome::Reject => {
                let event_id = verdict.event_id.as_deref();
                self.give_up(run, &rejection(verdict), event_id, None).await
            }
            Outcome::Forward => {
                let unsent = Unsent {
                    sent: Vec::new(),
                    error: error.to_owned(),
                    hope: Hope::Later(Duration::ZERO),
                };
                self.after_failure(run, verdict, unsent, None).await
            }
        }
    }

    async fn account(&self, delivery: &Delivery, end: impl Future<Output = Result<Report, NotDone>>) -> Ack {
        let _counted = self.metrics.enter();
        match end.await {
            Ok(report) => {
                self.metrics.ended(&delivery.source.topic, report.end);
                tracing::debug!(
                    source = %delivery.source,
                    event_id = report.event_id.as_deref().map(tracing::field::debug),
                    end = report.end.as_str(),
                    generation = report.generation,
                    "delivered"
                );
                Ack::Done(report)
            }
            Err(error) => {
                self.metrics.not_done(&delivery.source.topic);
                tracing::warn!(source = %delivery.source, error = chain(&error), "not done; it will be brought again");
                let wait = error.wait();
                Ack::Again { error, wait }
            }
        }
    }
}

impl Run<'_> {
    fn report(&self, end: End, reason: &str, event_id: Option<&str>) -> Report {
        Report {
            end,
            reason: reason.to_owned(),
            event_id: event_id.map(str::to_owned),
            sent: Vec::new(),
            violations: Vec::new(),
            generation: self.generation.number,
            policy: self.generation.policy.digest().to_string(),
        }
    }
}

fn rejection(verdict: &Verdict) -> Failure {
    Failure {
        end: GivenUp::Rejected,
        error: verdict.reason.clone(),
        violations: verdict.violations.clone(),
        tries: 0,
    }
}

fn id_conflict() -> Failure {
    let violation = Violation {
        code: "id-conflict".to_owned(),
        path: "/event_id".to_owned(),
        message: "another event with this event_id was processed before; ids must not be used twice".to_owned(),
    };
    Failure {
        end: GivenUp::Rejected,
        error: format!("{}: {}", violation.code, violation.message),
        violations: vec![violation],
        tries: 0,
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
