//! The path of one delivery, from top to bottom: judge, claim, send, mark done.
//!
//! Nothing is acknowledged before it is stored: a delivery is [`Ack::Done`] only when its outputs, or its dead letter,
//! have been taken by the backend. Knows neither Dapr nor SQLite, and never looks into an event.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::value::RawValue;
use tidegate_engine::{CallError, Context, Encoding, FailedEvent, Outcome, Output, Policy, Verdict, Violation};

use crate::{
    backend::{BackendError, Message, Publisher},
    claim::{Claim, Claims},
    config::Topic,
    delivery::Delivery,
    generation::{Generation, Generations},
    metrics::Metrics,
};

/// Takes deliveries to their end.
#[derive(Debug)]
pub struct Pipeline {
    /// The policy in force.
    pub generations: Arc<Generations>,
    /// Where outputs go.
    pub publisher: Arc<dyn Publisher>,
    /// What makes processing happen once.
    pub claims: Claims,
    /// Where each channel of the policy goes.
    pub channels: BTreeMap<String, Topic>,
    /// The version in which events leave; `None`: the latest.
    pub target_version: Option<String>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// What whoever brought a delivery is told.
#[derive(Debug)]
pub enum Ack {
    /// It came to its end: it need not be brought again.
    Done(Report),
    /// It did not: bring it again, not before the wait is over.
    Again {
        /// Why, for people.
        error: NotDone,
        /// How long there is nothing to gain by trying again.
        wait: Duration,
    },
}

/// The end that a delivery came to.
#[derive(Debug)]
pub struct Report {
    /// What became of it.
    pub end: End,
    /// Why, in one line.
    pub reason: String,
    /// `event_id`, when it could be read.
    pub event_id: Option<String>,
    /// Channel and id of everything that was sent.
    pub sent: Vec<(String, String)>,
    /// Why it was rejected.
    pub violations: Vec<Violation>,
    /// The generation that judged it, and its digest.
    pub generation: u64,
    /// Digest of the policy that judged it.
    pub policy: String,
}

/// The ends there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Its outputs are sent.
    Forward,
    /// It is valid and goes nowhere.
    Drop,
    /// Its dead letter is sent.
    Reject,
    /// Its outputs were sent before.
    Duplicate,
}

impl End {
    /// The end as one word, for metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Drop => "drop",
            Self::Reject => "reject",
            Self::Duplicate => "duplicate",
        }
    }
}

/// Why a delivery did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// There is no policy to judge it.
    #[error("no policy is loaded")]
    NoPolicy,
    /// The policy misbehaved, or was called wrongly.
    #[error("the policy gave no verdict")]
    Policy(#[from] CallError),
    /// The policy sends on a channel that leads nowhere.
    #[error(
        "the policy sends on the channel {channel:?}, which the configuration does not bind: add it under `channels`"
    )]
    UnboundChannel {
        /// The channel.
        channel: String,
    },
    /// The policy made an output that is not JSON.
    #[error("the policy made an output for {channel:?} that is not JSON")]
    OutputNotJson {
        /// The channel.
        channel: String,
        /// Where it breaks.
        #[source]
        source: serde_json::Error,
    },
    /// Another delivery of the same event is under way.
    #[error("another delivery of the event is under way")]
    Busy,
    /// Something outside did not answer as it should.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The gate is full or about to stop.
    #[error("{0}")]
    NotTaken(&'static str),
}

/// The shortest wait before a delivery that was not done is brought again.
const RETRY_SOON: Duration = Duration::from_millis(200);

impl Pipeline {
    /// Takes one delivery to its end, or says why it must be brought again.
    pub async fn deliver(&self, delivery: &Delivery) -> Ack {
        let _counted = self.metrics.enter();
        match self.judge_and_send(delivery).await {
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
            Err((error, wait)) => {
                self.metrics.not_done(&delivery.source.topic, &error);
                let cause = chain(&error);
                tracing::warn!(source = %delivery.source, error = cause, "not done; it will be brought again");
                Ack::Again { error, wait }
            }
        }
    }

    async fn judge_and_send(&self, delivery: &Delivery) -> Result<Report, (NotDone, Duration)> {
        let soon = |error: NotDone| (error, RETRY_SOON);
        let generation = self.generations.current().ok_or_else(|| soon(NotDone::NoPolicy))?;
        let verdict = self.judge(&generation.policy, delivery).await.map_err(soon)?;
        let report = |end, reason: &str, sent| Report {
            end,
            reason: reason.to_owned(),
            event_id: verdict.event_id.clone(),
            sent,
            violations: verdict.violations.clone(),
            generation: generation.number,
            policy: generation.policy.digest().to_string(),
        };
        match verdict.outcome {
            Outcome::Drop => Ok(report(End::Drop, &verdict.reason, Vec::new())),
            Outcome::Reject => {
                let sent = self
                    .give_up(&generation, delivery, &verdict.reason, verdict.violations.clone())
                    .await
                    .map_err(soon)?;
                Ok(report(End::Reject, &verdict.reason, sent))
            }
            Outcome::Forward => {
                let event_id = verdict.event_id.as_deref().unwrap_or_default();
                let claim = self.claims.claim(event_id, &delivery.event).await;
                match claim.map_err(|error| soon(error.into()))? {
                    Claim::Repeat => Ok(report(
                        End::Duplicate,
                        "the same event was processed before",
                        Vec::new(),
                    )),
                    Claim::Busy(left) => Err((NotDone::Busy, left.clamp(RETRY_SOON, Duration::from_secs(5)))),
                    Claim::Conflict => {
                        let violation = id_conflict();
                        let reason = format!("{}: {}", violation.code, violation.message);
                        let sent = self
                            .give_up(&generation, delivery, &reason, vec![violation.clone()])
                            .await
                            .map_err(soon)?;
                        let report = report(End::Reject, &reason, sent);
                        Ok(Report {
                            violations: vec![violation],
                            ..report
                        })
                    }
                    Claim::Mine(held) => match self.send(&verdict.outputs, delivery).await {
                        Ok(sent) => {
                            self.claims.done(&held).await.map_err(|error| soon(error.into()))?;
                            Ok(report(End::Forward, &verdict.reason, sent))
                        }
                        Err(error) => {
                            if let Err(error) = self.claims.release(&held).await {
                                tracing::warn!(%error, "the claim stays until its lease ends");
                            }
                            Err(soon(error))
                        }
                    },
                }
            }
        }
    }

    async fn judge(&self, policy: &Policy, delivery: &Delivery) -> Result<Verdict, NotDone> {
        let context = Context {
            now: delivery.at.clone(),
            target_version: self.target_version.clone(),
        };
        let _timer = self.metrics.time_policy();
        Ok(policy.process(&delivery.event, &context).await?)
    }

    /// Sends the dead letter of an event, and its alerts.
    async fn give_up(
        &self,
        generation: &Generation,
        delivery: &Delivery,
        error: &str,
        violations: Vec<Violation>,
    ) -> Result<Vec<(String, String)>, NotDone> {
        // JSON writes a control character in six; base64 never takes more than four for three.
        let control = delivery.event.iter().filter(|byte| byte.is_ascii_control()).count();
        let (original, encoding) = match std::str::from_utf8(&delivery.event) {
            Ok(text) if control < text.len() / 16 => (text.to_owned(), Encoding::Text),
            _ => (BASE64_STANDARD.encode(&delivery.event), Encoding::Base64),
        };
        let failed = FailedEvent {
            original,
            encoding,
            error: error.to_owned(),
            retry_count: 0,
            violations,
            source: delivery.source.to_string(),
            policy: generation.policy.digest().to_string(),
        };
        let outputs = generation.policy.dead_letter(&failed, &delivery.at).await?;
        self.send(&outputs, delivery).await
    }

    async fn send(&self, outputs: &[Output], delivery: &Delivery) -> Result<Vec<(String, String)>, NotDone> {
        let messages: Vec<_> = outputs
            .iter()
            .map(|output| self.message(output, delivery))
            .collect::<Result<_, _>>()?;
        for message in &messages {
            self.publisher.publish(message).await?;
            self.metrics.published(&message.topic.name);
        }
        Ok(outputs
            .iter()
            .map(|output| (output.channel.clone(), output.id.clone()))
            .collect())
    }

    fn message(&self, output: &Output, delivery: &Delivery) -> Result<Message, NotDone> {
        let topic = self
            .channels
            .get(&output.channel)
            .ok_or_else(|| NotDone::UnboundChannel {
                channel: output.channel.clone(),
            })?;
        let event = match &output.event {
            Some(event) => Bytes::copy_from_slice(event.as_bytes()),
            None => delivery.event.clone(),
        };
        // The policy is not trusted to make JSON: broken text inside an envelope would break the envelope.
        serde_json::from_slice::<&RawValue>(&event).map_err(|source| NotDone::OutputNotJson {
            channel: output.channel.clone(),
            source,
        })?;
        Ok(Message {
            topic: topic.clone(),
            key: output.key.clone(),
            id: output.id.clone(),
            event_type: output.event_type.clone(),
            event,
            at: delivery.at.clone(),
            source: delivery.source.to_string(),
            traceparent: delivery.traceparent.clone(),
        })
    }
}

fn id_conflict() -> Violation {
    Violation {
        code: "id-conflict".to_owned(),
        path: "/event_id".to_owned(),
        message: "another event with this event_id was processed before; ids must not be used twice".to_owned(),
    }
}

/// The error and everything beneath it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
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
