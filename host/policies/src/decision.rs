//! Whether a decision is usable. The same rules apply to the live policy and the shadow policy.
//!
//! Knows nothing of sinks: the caller knows which channels are bound.

use std::collections::HashSet;

use bytes::Bytes;
use serde_json::value::RawValue;
use tidegate_engine::{Change, Decided, Decision, Output, PolicyCatalog, Violation};
use tidegate_model::{
    attributes::{Attributes, is_name},
    untrusted::Untrusted,
};
use tidegate_text::escape;

/// The most outputs of one event.
const MOST_OUTPUTS: usize = 64;

/// The attribute that names the schema of the data.
const DATA_SCHEMA: &str = "dataschema";

/// A decision that the gate can carry out.
#[derive(Debug, Clone)]
pub struct Usable {
    /// The decision.
    pub decision: Decision,
    /// Why, in one line.
    pub reason: String,
    /// The drop rule by which it is dropped.
    pub rule: Option<String>,
    /// What the event is claimed by; `None`: it is not claimed, or nothing could be read.
    pub claim: Option<String>,
    /// Id of the event, where it could be read; not empty when the decision is to forward.
    pub event_id: Option<String>,
    /// Type of the event, where it could be read.
    pub event_type: Option<String>,
    /// Version of the event, where it is known.
    pub event_version: Option<String>,
    /// Partition key of the event, where it has one that could be read.
    pub key: Option<String>,
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
}

/// What a decision is checked against.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "it has a function")]
pub struct Expected<'a> {
    /// The event that was judged.
    pub event: &'a Bytes,
    /// What the policy knows.
    pub catalog: &'a PolicyCatalog,
    /// Whether a channel is bound to a sink.
    pub is_bound: &'a dyn Fn(&str) -> bool,
}

/// Why a decision is not usable: a fault of the policy.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// What is forwarded is sent somewhere.
    #[error("the policy forwards an event, and the event itself is not among its outputs")]
    NoOutput,
    /// An attribute has a name that would break an envelope.
    #[error("the policy sets an attribute {:?}, which none can be called", Untrusted(name))]
    BadAttribute {
        /// The name.
        name: String,
    },
    /// Outputs are named by the id, and so are claims.
    #[error("the policy forwards an event without its id")]
    NoId,
    /// A claim without a name would be the claim of all such events.
    #[error("the policy claims an event by an empty text")]
    EmptyClaim,
    /// A dead letter says why.
    #[error("the policy rejects an event and names no violation")]
    NoViolation,
    /// Only what its catalog announces is dropped.
    #[error(
        "the policy drops an event by the rule {:?}, which is none of its catalog's, and its type has a channel",
        Untrusted(rule.as_deref().unwrap_or_default())
    )]
    UnknownDropRule {
        /// The rule that it names.
        rule: Option<String>,
    },
    /// There are more outputs than an event may have.
    #[error("the policy made {0} outputs of one event; at most {MOST_OUTPUTS} are allowed")]
    TooManyOutputs(usize),
    /// Two outputs could not be told apart.
    #[error("the policy made two outputs with one id on the channel {:?}", Untrusted(channel))]
    SameOutput {
        /// The channel.
        channel: String,
    },
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
    /// Checks a decision.
    pub fn check(decided: Decided, expected: Expected<'_>) -> Result<Self, Unusable> {
        let own_id = decided.event_id.as_deref().filter(|id| !id.is_empty());
        match decided.decision {
            Decision::Forward if own_id.is_none() => return Err(Unusable::NoId),
            Decision::Forward if !decided.outputs.iter().any(|output| own_id == Some(&*output.id)) => {
                return Err(Unusable::NoOutput);
            }
            Decision::Reject if decided.violations.is_empty() => return Err(Unusable::NoViolation),
            Decision::Drop => check_drop(&decided, expected.catalog)?,
            Decision::Forward | Decision::Reject => {}
        }
        if decided.claim.as_deref() == Some("") {
            return Err(Unusable::EmptyClaim);
        }
        let reason = reason(&decided);
        Ok(Self {
            outputs: UsableOutput::check_all(decided.outputs, own_id, expected)?,
            decision: decided.decision,
            reason,
            rule: decided.rule,
            claim: decided.claim,
            event_id: decided.event_id,
            event_type: decided.event_type,
            event_version: decided.event_version,
            key: decided.key,
            violations: decided.violations,
        })
    }
}

/// A drop has a rule of the catalog, or its type has no channel.
fn check_drop(decided: &Decided, catalog: &PolicyCatalog) -> Result<(), Unusable> {
    let name = decided.event_type.as_ref();
    let known = catalog.event_types.iter().find(|known| Some(&known.name) == name);
    let is_announced = known.is_some_and(|known| match &decided.rule {
        Some(rule) => known.drop_rules.contains(rule),
        None => known.channel.is_none(),
    });
    if is_announced {
        return Ok(());
    }
    Err(Unusable::UnknownDropRule {
        rule: decided.rule.clone(),
    })
}

/// A decision in one line.
pub fn reason(decided: &Decided) -> String {
    let what = |name: &Option<String>| name.clone().unwrap_or_default();
    let (event_type, version) = (what(&decided.event_type), what(&decided.event_version));
    match decided.decision {
        Decision::Forward => {
            let mut channels: Vec<_> = decided.outputs.iter().map(|output| &*output.channel).collect();
            channels.dedup();
            format!("{event_type} {version} is valid and goes to {}", channels.join(", "))
        }
        Decision::Drop => match &decided.rule {
            Some(rule) => format!("{event_type} {version} is dropped by the rule {rule}"),
            None => format!("{event_type} {version} is valid and goes to no channel"),
        },
        Decision::Reject => summary(&decided.violations),
    }
}

/// The first violation in one line, and how many more there are.
fn summary(violations: &[Violation]) -> String {
    let Some(first) = violations.first() else {
        return "nothing is wrong".to_owned();
    };
    let place = match first.path.as_str() {
        "" => String::new(),
        path => format!("{} at \"{}\": ", first.code, escape::one_line(path)),
    };
    let more = match violations.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    format!("{place}{}{more}", first.message)
}

impl UsableOutput {
    /// The attributes that it leaves with, when the event came with `attributes`. A `dataschema` is that of the old text.
    pub fn attributes_of(&self, attributes: &Attributes) -> Attributes {
        if !self.is_itself {
            return Attributes::default().changed(&self.attributes);
        }
        let is_stated = self.attributes.iter().any(|change| change.name == DATA_SCHEMA);
        let is_stale = self.is_changed && !is_stated;
        let kept = attributes.clone().keep(|name| !(is_stale && name == DATA_SCHEMA));
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
            Self::NoOutput => "no-output",
            Self::BadAttribute { .. } => "bad-attribute",
            Self::EmptyClaim => "empty-claim",
            Self::NoViolation => "no-violation",
            Self::UnknownDropRule { .. } => "unknown-drop-rule",
            Self::TooManyOutputs(_) => "too-many-outputs",
            Self::SameOutput { .. } => "same-output",
            Self::UnboundChannel { .. } => "unbound-channel",
            Self::NotJson { .. } => "not-json",
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};
    use tidegate_engine::{Decided, PolicyCatalog};

    use super::{Expected, Usable};

    fn catalog() -> PolicyCatalog {
        let event_type = |name: &str, channel: Value, drop_rules: &[&str]| {
            json!({
                "name": name, "versions": [], "target_version": "1", "default_version": "1", "migrations": [], "rules": [],
                "drop_rules": drop_rules, "accepted": true, "channel": channel, "retry_delays_ms": [],
            })
        };
        let catalog = json!({
            "name": "p", "version": "1", "channels": ["out"], "alerts": [], "limits": { "event_bytes": 1, "depth": 1 },
            "event_types": [event_type("sent", json!("out"), &["test-tenant"]), event_type("unsent", Value::Null, &[])],
            "envelope": { "id": "/id", "event_type": "/type", "version": null, "key": null, "time": null },
            "dead_letters": { "channel": "dlq", "event_type": "d", "template": null },
        });
        serde_json::from_value(catalog).expect("a catalog")
    }

    /// The kind of fault of a decision that is good but for `changes`.
    fn kind(changes: &Value) -> Option<&'static str> {
        let mut decided = json!({
            "decision": "forward", "rule": null, "claim": "c", "event_id": "e", "event_type": "sent", "event_version": "1",
            "key": null, "outputs": [output("e", "out")], "violations": [],
        });
        for (name, value) in changes.as_object().expect("an object") {
            decided[name] = value.clone();
        }
        let decided: Decided = serde_json::from_value(decided).expect("a decision");
        let expected = Expected {
            event: &Bytes::from_static(b"{}"),
            catalog: &catalog(),
            is_bound: &|channel| channel == "out",
        };
        Usable::check(decided, expected).err().map(|unusable| unusable.kind())
    }

    fn output(id: &str, channel: &str) -> Value {
        json!({ "channel": channel, "key": null, "id": id, "event_type": "sent", "event": null, "attributes": [] })
    }

    #[test]
    fn a_decision_that_cannot_be_carried_out_is_a_fault() {
        let dropped = |rule: Value, event_type: &str| json!({ "decision": "drop", "rule": rule, "event_type": event_type, "outputs": [] });
        let many: Vec<_> = (0..65)
            .map(|number| output(&format!("{number}"), "out"))
            .chain([output("e", "out")])
            .collect();
        let with = |name: &str, value: Value| {
            let mut changed = output("e", "out");
            changed[name] = value;
            json!({ "outputs": [changed] })
        };
        for (changes, expected) in [
            (json!({}), None),
            (json!({ "claim": null }), None),
            (dropped(json!("test-tenant"), "sent"), None),
            (dropped(Value::Null, "unsent"), None),
            (
                json!({ "decision": "reject", "outputs": [], "violations": [{ "code": "c", "path": "", "message": "m" }] }),
                None,
            ),
            (json!({ "event_id": null }), Some("no-id")),
            (json!({ "event_id": "" }), Some("no-id")),
            (json!({ "claim": "" }), Some("empty-claim")),
            (json!({ "outputs": [] }), Some("no-output")),
            (json!({ "outputs": [output("derived", "out")] }), Some("no-output")),
            (json!({ "decision": "reject", "outputs": [] }), Some("no-violation")),
            (dropped(Value::Null, "sent"), Some("unknown-drop-rule")),
            (dropped(json!("other"), "sent"), Some("unknown-drop-rule")),
            (dropped(json!("test-tenant"), "unsent"), Some("unknown-drop-rule")),
            (json!({ "outputs": many }), Some("too-many-outputs")),
            (
                json!({ "outputs": [output("e", "out"), output("e", "out")] }),
                Some("same-output"),
            ),
            (json!({ "outputs": [output("e", "nowhere")] }), Some("unbound-channel")),
            (with("event", json!("{")), Some("not-json")),
            (
                with("attributes", json!([{ "name": "data", "value": "x" }])),
                Some("bad-attribute"),
            ),
        ] {
            assert_eq!(kind(&changes), expected, "{changes}");
        }
    }
}
