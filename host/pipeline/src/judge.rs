//! Calls the policy, and makes its decision into messages for sinks. Knows nothing of what a sink does with them.

use std::sync::Arc;

use tidegate_engine::{CallError, Context, Decided, Decision, Output, Policy};
use tidegate_model::{
    backend::Publisher,
    delivery::{Delivery, Origin},
    message::Message,
    revision::RevisionId,
};
use tidegate_policies::{
    decision::Usable,
    output::{Expected, UsableOutput},
    unusable::Unusable,
};

use crate::{pipeline::Pipeline, run::Run};

/// The violation of an event whose type the policy emits and does not accept.
const EMITTED_ONLY: &str = "emitted-only";

/// A decision, with its outputs addressed.
#[derive(Debug)]
pub(super) struct AddressedDecision<'a> {
    pub(super) decision: Usable,
    pub(super) outputs: Vec<AddressedOutput<'a>>,
}

/// An output, and the sink of its channel.
#[derive(Debug)]
pub(super) struct AddressedOutput<'a> {
    pub(super) channel: String,
    pub(super) sink: &'a Arc<dyn Publisher>,
    pub(super) message: Message,
    /// The time before which it must not be published, milliseconds since 1970.
    pub(super) not_before: Option<i64>,
}

/// Why there is no usable decision. This says nothing about the event.
#[derive(Debug, thiserror::Error)]
pub(super) enum PolicyError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

impl PolicyError {
    /// The kind of fault as one word; `None` when the policy was called wrongly.
    pub(super) fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Call(CallError::Fault(fault)) => Some(fault.kind.as_str()),
            Self::Call(CallError::NotATime(_)) => None,
            Self::Unusable(unusable) => Some(unusable.kind()),
        }
    }
}

impl Pipeline {
    /// Lets the policy judge a delivery, at the time `at`.
    pub(super) async fn judge(&self, run: Run<'_>, at: &str) -> Result<AddressedDecision<'_>, PolicyError> {
        let delivery = run.delivery;
        let context = Context {
            now: at.to_owned(),
            target_version: self.target_version.clone(),
        };
        let timer = self.metrics.time_policy();
        let attributes = delivery.attributes.canonical();
        let policy = &run.revision.policy;
        let mut decided = policy.process(&delivery.event, &attributes, &context).await?;
        drop(timer);
        if matches!(delivery.origin, Origin::Consumer { .. }) {
            decided = published_before(policy, delivery, decided).await?;
        }
        let is_bound = |channel: &str| self.channels.contains_key(channel);
        let decision = Usable::check(decided, expected(run, at, &is_bound))?;
        let outputs = self.address(&decision.outputs, delivery, at, run.revision.id())?;
        Ok(AddressedDecision { decision, outputs })
    }

    /// Checks and addresses a dead letter and its alerts.
    pub(super) fn check_and_address(
        &self,
        outputs: Vec<Output>,
        run: Run<'_>,
        at: &str,
        revision: &RevisionId,
    ) -> Result<Vec<AddressedOutput<'_>>, Unusable> {
        let is_bound = |channel: &str| self.channels.contains_key(channel);
        let outputs = UsableOutput::check_all(outputs, None, expected(run, at, &is_bound))?;
        self.address(&outputs, run.delivery, at, revision)
    }

    fn address(
        &self,
        outputs: &[UsableOutput],
        delivery: &Delivery,
        at: &str,
        revision: &RevisionId,
    ) -> Result<Vec<AddressedOutput<'_>>, Unusable> {
        let address = |output: &UsableOutput| {
            // Checked before; but an output is never left out.
            let unbound = || Unusable::UnboundChannel {
                channel: output.channel.clone(),
            };
            let sink = self.channels.get(&output.channel).ok_or_else(unbound)?;
            Ok(AddressedOutput {
                channel: output.channel.clone(),
                sink,
                message: message(output, delivery, at, revision),
                not_before: output.not_before,
            })
        };
        outputs.iter().map(address).collect()
    }
}

/// What the outputs of a delivery are checked against.
fn expected<'a>(run: Run<'a>, at: &'a str, is_bound: &'a dyn Fn(&str) -> bool) -> Expected<'a> {
    Expected {
        event: &run.delivery.event,
        catalog: run.revision.policy.catalog(),
        now: at,
        is_bound,
    }
}

/// The decision on an event that a consumer hands back. The gate has published it before: the event itself is published
/// again, not the other outputs, and its type may be one that the policy only emits.
async fn published_before(policy: &Policy, delivery: &Delivery, mut decided: Decided) -> Result<Decided, CallError> {
    let own = decided.event_id.clone().unwrap_or_default();
    let attributes = delivery.attributes.canonical();
    decided.outputs.retain(|output| output.id == own);
    if decided
        .violations
        .first()
        .is_none_or(|violation| violation.code != EMITTED_ONLY)
    {
        return Ok(decided);
    }
    let Ok(accepted) = policy.validate(&delivery.event, &attributes).await? else {
        return Ok(decided);
    };
    let mut types = policy.catalog().event_types.iter();
    let Some(channel) = types
        .find(|kind| kind.name == accepted.event_type)
        .and_then(|kind| kind.channels.first().cloned())
    else {
        return Ok(decided);
    };
    let output = Output {
        channel,
        key: accepted.key,
        id: accepted.event_id,
        event_type: accepted.event_type,
        event: None,
        attributes: Vec::new(),
        not_before: None,
    };
    Ok(Decided {
        decision: Decision::Forward,
        outputs: vec![output],
        violations: Vec::new(),
        ..decided
    })
}

fn message(output: &UsableOutput, delivery: &Delivery, at: &str, revision: &RevisionId) -> Message {
    let redriven = match &delivery.origin {
        Origin::Redrive { dead_letter, .. } => Some(dead_letter.clone()),
        Origin::Producer | Origin::Consumer { .. } => None,
    };
    Message {
        attributes: output.attributes_of(&delivery.attributes),
        key: output.key.clone(),
        id: output.id.clone(),
        event_type: output.event_type.clone(),
        event: output.event.clone(),
        at: at.to_owned(),
        source: delivery.original_source(),
        traceparent: delivery.traceparent.clone(),
        attempt: delivery.history.attempt,
        redriven,
        revision: revision.clone(),
    }
}
