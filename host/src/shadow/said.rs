//! What a policy says of an event, in the form in which two policies are compared.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::value::RawValue;
use tidegate_engine::{Decision, Decided, Violation};

/// What a policy says of an event.
#[derive(Debug)]
pub(crate) enum Said {
    /// A decision that the gate can follow.
    Decided(Judged),
    /// None, and why not, as one word.
    Fault(&'static str),
}

/// A decision.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) decision: Decision,
    pub(crate) event_id: Option<String>,
    pub(crate) event_type: Option<String>,
    pub(crate) event_version: Option<String>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) outputs: Vec<Sent>,
}

/// An event that would be sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) channel: String,
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) event_type: String,
    pub(crate) event: Bytes,
}

impl Said {
    /// A decision on `event`, unless it is one that the gate could not follow: that is a fault of the policy, as in the
    /// pipeline.
    pub(super) fn checked(decided: Decided, event: &Bytes, channels: &BTreeSet<String>) -> Self {
        if decided.decision == Decision::Forward && decided.event_id.as_deref().is_none_or(str::is_empty) {
            return Self::Fault("no-id");
        }
        let mut outputs = Vec::with_capacity(decided.outputs.len());
        for output in decided.outputs {
            if !channels.contains(&output.channel) {
                return Self::Fault("unbound-channel");
            }
            let event = output.event.map_or_else(|| event.clone(), Bytes::from);
            if serde_json::from_slice::<&RawValue>(&event).is_err() {
                return Self::Fault("not-json");
            }
            outputs.push(Sent {
                channel: output.channel,
                key: output.key,
                id: output.id,
                event_type: output.event_type,
                event,
            });
        }
        Self::Decided(Judged {
            decision: decided.decision,
            event_id: decided.event_id,
            event_type: decided.event_type,
            event_version: decided.event_version,
            violations: decided.violations,
            outputs,
        })
    }

    /// The decision, when there is one.
    pub(super) fn decided(&self) -> Option<&Judged> {
        match self {
            Self::Decided(judged) => Some(judged),
            Self::Fault(_) => None,
        }
    }

    /// Bytes that it keeps in memory, as far as an event can make them many.
    pub(super) fn bytes(&self) -> usize {
        let Self::Decided(judged) = self else { return 0 };
        let outputs = judged
            .outputs
            .iter()
            .map(|sent| sent.event.len() + sent.key.len() + sent.id.len());
        let violations = judged.violations.iter();
        let violations = violations.map(|violation| violation.path.len() + violation.message.len());
        outputs.chain(violations).sum()
    }
}
