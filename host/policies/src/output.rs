//! What a policy sends for an event: whether the gate can publish it, and with which attributes. The same rules apply to the live
//! policy, the shadow policy and dead letters.
//!
//! Knows nothing of sinks: the caller knows which channels are bound.

use std::collections::HashSet;

use bytes::Bytes;
use serde_json::value::RawValue;
use tidegate_engine::{Change, Output, PolicyCatalog};
use tidegate_model::{
    attributes::{Attributes, is_name},
    clock,
    scheduled_retry::LONGEST_DELAY,
};

use crate::unusable::{MOST_OUTPUTS, Unusable};

/// An event to publish: JSON, on a bound channel.
#[derive(Debug, Clone)]
pub struct UsableOutput {
    /// The channel.
    pub channel: String,
    /// The partition key, where it has one.
    pub key: Option<String>,
    /// Id of the event: the same for every attempt.
    pub id: String,
    /// Type of the event.
    pub event_type: String,
    /// The text of one JSON value.
    pub event: Bytes,
    /// The changes to its attributes.
    pub attributes: Vec<Change>,
    /// Whether it is the event judged, and not another one.
    pub is_itself: bool,
    /// Whether its text is another than that of the event judged.
    pub is_changed: bool,
    /// The time before which it must not be published, milliseconds since 1970.
    pub not_before: Option<i64>,
}

/// What a decision is checked against.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "it has a function")]
pub struct Expected<'a> {
    /// The event that was judged.
    pub event: &'a Bytes,
    /// What the policy knows.
    pub catalog: &'a PolicyCatalog,
    /// The time that it was judged by.
    pub now: &'a str,
    /// Whether a channel is bound to a sink.
    pub is_bound: &'a dyn Fn(&str) -> bool,
}

impl UsableOutput {
    /// The attributes that it leaves with, when the event came with `attributes`.
    pub fn attributes_of(&self, attributes: &Attributes) -> Attributes {
        let kept = if self.is_itself {
            attributes.clone()
        } else {
            Attributes::default()
        };
        kept.changed(&self.attributes)
    }

    /// Checks the outputs of a policy. `own_id`: the id of the event that was judged.
    pub fn check_all(
        outputs: Vec<Output>,
        own_id: Option<&str>,
        expected: Expected<'_>,
    ) -> Result<Vec<Self>, Unusable> {
        if outputs.len() > MOST_OUTPUTS {
            return Err(Unusable::TooManyOutputs(outputs.len()));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = outputs
            .iter()
            .find(|output| !seen.insert((&output.channel, &output.id)))
        {
            let channel = twice.channel.clone();
            return Err(Unusable::SameOutput { channel });
        }
        let check = |output: Output| {
            let channel = output.channel;
            if !(expected.is_bound)(&channel) {
                return Err(Unusable::UnboundChannel { channel });
            }
            if let Some(bad) = output.attributes.iter().find(|change| !is_name(&change.name)) {
                let name = bad.name.clone();
                return Err(Unusable::BadAttribute { name });
            }
            let not_before = not_before(&channel, output.not_before, expected.now)?;
            let is_changed = output.event.is_some();
            let event = output.event.map_or_else(|| expected.event.clone(), Bytes::from);
            if let Err(source) = serde_json::from_slice::<&RawValue>(&event) {
                return Err(Unusable::NotJson { channel, source });
            }
            Ok(Self {
                channel,
                key: output.key,
                is_itself: own_id == Some(&*output.id),
                id: output.id,
                event_type: output.event_type,
                event,
                attributes: output.attributes,
                is_changed,
                not_before,
            })
        };
        outputs.into_iter().map(check).collect()
    }
}

/// The time of an output, which the gate can keep no longer than a retry.
fn not_before(channel: &str, stated: Option<String>, now: &str) -> Result<Option<i64>, Unusable> {
    let Some(stated) = stated else { return Ok(None) };
    let channel = channel.to_owned();
    let Some(at) = clock::parse(&stated) else {
        return Err(Unusable::NotATime { channel, stated });
    };
    let latest = clock::parse(now).map(|now| now.saturating_add(clock::millis(LONGEST_DELAY)));
    if latest.is_some_and(|latest| at > latest) {
        return Err(Unusable::TooLate { channel, stated });
    }
    Ok(Some(at))
}
