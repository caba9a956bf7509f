//! Whether a decision is usable. The same rules apply to the live policy and the shadow policy.
//!
//! Knows nothing of sinks: the caller knows which channels are bound.

use bytes::Bytes;
use serde_json::value::RawValue;
use tidegate_engine::{Decided, Decision, Output, Violation};
use tidegate_model::untrusted::Untrusted;

/// A decision that the gate can carry out.
#[derive(Debug, Clone)]
pub struct Usable {
    /// The decision.
    pub decision: Decision,
    /// Why, in one line.
    pub reason: String,
    /// Id of the event, where it could be read; not empty when the decision is to forward.
    pub event_id: Option<String>,
    /// Type of the event, where it could be read.
    pub event_type: Option<String>,
    /// Version of the event, where it is known.
    pub event_version: Option<String>,
    /// What to publish, in this order.
    pub outputs: Vec<UsableOutput>,
    /// What is wrong; empty unless the decision is to reject.
    pub violations: Vec<Violation>,
}

/// An event to publish: JSON, on a bound channel.
#[derive(Debug, Clone)]
pub struct UsableOutput {
    /// The channel.
    pub channel: String,
    /// The partition key.
    pub key: String,
    /// Id of the event: the same for every attempt.
    pub id: String,
    /// Type of the event.
    pub event_type: String,
    /// The text of one JSON value.
    pub event: Bytes,
}

/// Why a decision is not usable: a fault of the policy.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Claims are keyed by the id: without one, all such events would have one claim.
    #[error("the policy forwards an event without its id")]
    NoId,
    /// A channel is not bound to a sink.
    #[error(
        "the policy publishes on the channel {:?}, which has no sink: add it under `channels`",
        Untrusted(channel)
    )]
    UnboundChannel {
        /// The channel.
        channel: String,
    },
    /// An output is not JSON: it would break its envelope.
    #[error("the policy made an output for {:?} that is not JSON", Untrusted(channel))]
    NotJson {
        /// The channel of the output.
        channel: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

impl Usable {
    /// Checks a decision on `event`.
    pub fn check(decided: Decided, event: &Bytes, is_bound: impl Fn(&str) -> bool) -> Result<Self, Unusable> {
        if decided.decision == Decision::Forward && decided.event_id.as_deref().is_none_or(str::is_empty) {
            return Err(Unusable::NoId);
        }
        Ok(Self {
            outputs: UsableOutput::check_all(decided.outputs, event, is_bound)?,
            decision: decided.decision,
            reason: decided.reason,
            event_id: decided.event_id,
            event_type: decided.event_type,
            event_version: decided.event_version,
            violations: decided.violations,
        })
    }
}

impl UsableOutput {
    /// Checks the outputs of a policy for `event`.
    pub fn check_all(
        outputs: Vec<Output>,
        event: &Bytes,
        is_bound: impl Fn(&str) -> bool,
    ) -> Result<Vec<Self>, Unusable> {
        let check = |output: Output| {
            let channel = output.channel;
            if !is_bound(&channel) {
                return Err(Unusable::UnboundChannel { channel });
            }
            let event = output.event.map_or_else(|| event.clone(), Bytes::from);
            if let Err(source) = serde_json::from_slice::<&RawValue>(&event) {
                return Err(Unusable::NotJson { channel, source });
            }
            Ok(Self {
                channel,
                key: output.key,
                id: output.id,
                event_type: output.event_type,
                event,
            })
        };
        outputs.into_iter().map(check).collect()
    }
}

impl Unusable {
    /// The kind of fault as one word, for metrics.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoId => "no-id",
            Self::UnboundChannel { .. } => "unbound-channel",
            Self::NotJson { .. } => "not-json",
        }
    }
}
