//! What the policy says of a delivery, checked: every output is JSON and has somewhere to go.

use bytes::Bytes;
use serde_json::value::RawValue;
use tidegate_engine::{CallError, Context, Decision, Output, Policy, Decided};

use super::{Pipeline, Run};
use crate::{
    config::Sink,
    delivery::{Delivery, Origin},
    revision::Label,
    sink::Message,
    untrusted::Untrusted,
};

/// The code of the violation for a type that the policy sends and never takes in.
const EMITTED_ONLY: &str = "emitted-only";

/// A decision whose outputs can be sent.
#[derive(Debug)]
pub(super) struct Judgement<'a> {
    pub(super) decided: Decided,
    pub(super) outputs: Vec<Addressed<'a>>,
}

/// An output with its address.
#[derive(Debug)]
pub(super) struct Addressed<'a> {
    pub(super) channel: String,
    pub(super) sink: &'a Sink,
    pub(super) message: Message,
}

/// Why there is no judgement. Never the event's decision.
#[derive(Debug, thiserror::Error)]
pub(super) enum PolicyError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(
        "the policy sends on the channel {:?}, which leads nowhere: add it under `channels`",
        Untrusted(channel)
    )]
    UnboundChannel { channel: String },
    #[error("the policy forwards an event and does not say its id")]
    NoId,
    #[error("the policy made an output for {:?} that is not JSON", Untrusted(channel))]
    NotJson {
        channel: String,
        #[source]
        source: serde_json::Error,
    },
}

impl PolicyError {
    /// What the policy did, as one word; `None` when it was called wrongly.
    pub(super) fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Call(CallError::Fault(fault)) => Some(fault.kind.as_str()),
            Self::Call(CallError::Misuse(_)) => None,
            Self::UnboundChannel { .. } => Some("unbound-channel"),
            Self::NoId => Some("no-id"),
            Self::NotJson { .. } => Some("not-json"),
        }
    }
}

impl Pipeline {
    /// Judges a delivery by the time `at`.
    pub(super) async fn judge(&self, run: Run<'_>, at: &str) -> Result<Judgement<'_>, PolicyError> {
        let delivery = run.delivery;
        let context = Context {
            now: at.to_owned(),
            target_version: self.target_version.clone(),
        };
        let timer = self.metrics.time_policy();
        let mut decided = run.revision.policy.process(&delivery.event, &context).await?;
        drop(timer);
        if matches!(delivery.origin, Origin::Consumer { .. }) {
            decided = sent_before(&run.revision.policy, delivery, decided).await?;
        }
        // Claims go by it: without one, all such events would be one.
        if decided.decision == Decision::Forward && decided.event_id.as_deref().is_none_or(str::is_empty) {
            return Err(PolicyError::NoId);
        }
        let outputs = self.address(&decided.outputs, delivery, at, run.revision.label())?;
        Ok(Judgement { decided, outputs })
    }

    /// Finds where each output goes, and labels it with the revision that judged.
    pub(super) fn address(
        &self,
        outputs: &[Output],
        delivery: &Delivery,
        at: &str,
        label: &Label,
    ) -> Result<Vec<Addressed<'_>>, PolicyError> {
        let address = |output: &Output| {
            let channel = output.channel.clone();
            let Some(sink) = self.channels.get(&channel) else {
                return Err(PolicyError::UnboundChannel { channel });
            };
            let message = message(output, delivery, at, label).map_err(|source| PolicyError::NotJson {
                channel: channel.clone(),
                source,
            })?;
            Ok(Addressed { channel, sink, message })
        };
        outputs.iter().map(address).collect()
    }
}

/// What a consumer hands back was sent by the gate: only the event itself is sent again, not what follows from it, and
/// it may be of a type that the policy does not take in.
async fn sent_before(policy: &Policy, delivery: &Delivery, mut decided: Decided) -> Result<Decided, CallError> {
    let own = decided.event_id.clone().unwrap_or_default();
    decided.outputs.retain(|output| output.id == own);
    if decided
        .violations
        .first()
        .is_none_or(|violation| violation.code != EMITTED_ONLY)
    {
        return Ok(decided);
    }
    let Ok(accepted) = policy.validate(&delivery.event).await? else {
        return Ok(decided);
    };
    let mut types = policy.catalog().event_types.iter();
    let Some(channel) = types
        .find(|kind| kind.name == accepted.event_type)
        .and_then(|kind| kind.channel.clone())
    else {
        return Ok(decided);
    };
    let output = Output {
        channel,
        key: accepted.key,
        id: accepted.event_id,
        event_type: accepted.event_type,
        event: None,
    };
    Ok(Decided {
        decision: Decision::Forward,
        reason: "sent again".to_owned(),
        outputs: vec![output],
        violations: Vec::new(),
        ..decided
    })
}

fn message(output: &Output, delivery: &Delivery, at: &str, label: &Label) -> Result<Message, serde_json::Error> {
    let event = match &output.event {
        Some(event) => Bytes::copy_from_slice(event.as_bytes()),
        None => delivery.event.clone(),
    };
    // The policy is not trusted to make JSON: broken text inside an envelope would break the envelope.
    serde_json::from_slice::<&RawValue>(&event)?;
    let redriven = match &delivery.origin {
        Origin::Redrive { dead_letter, .. } => Some(dead_letter.clone()),
        Origin::Producer | Origin::Consumer { .. } => None,
    };
    Ok(Message {
        key: output.key.clone(),
        id: output.id.clone(),
        event_type: output.event_type.clone(),
        event,
        at: at.to_owned(),
        source: delivery.came_from(),
        traceparent: delivery.traceparent.clone(),
        attempt: delivery.history.attempt,
        redriven,
        label: label.clone(),
    })
}
