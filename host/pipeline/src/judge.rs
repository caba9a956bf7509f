//! Calls the policy, and makes its decision into messages for sinks. Knows nothing of what a sink does with them.

use std::sync::Arc;

use tidegate_engine::{CallError, Context, Output};
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
            handed_back: delivery.is_handed_back(),
        };
        let timer = self.metrics.time_policy();
        let attributes = delivery.attributes.canonical();
        let policy = &run.revision.policy;
        let mut decided = policy.process(&delivery.event, &attributes, &context).await?;
        drop(timer);
        if context.handed_back {
            // Whatever the policy makes of it: nothing else is published twice.
            let own = decided.event_id.as_ref();
            decided.outputs.retain(|output| Some(&output.id) == own);
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
