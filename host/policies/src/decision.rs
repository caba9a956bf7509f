//! Whether a decision is usable. The same rules apply to the live policy and the shadow policy.

use tidegate_engine::{Decided, Decision, PolicyCatalog, Violation};
use tidegate_text::quote;

use crate::{
    output::{Expected, UsableOutput},
    unusable::Unusable,
};

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
        None => known.channels.is_empty(),
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
        Decision::Reject => quote::summary(
            decided
                .violations
                .iter()
                .map(|one| [&*one.code, &*one.path, &*one.message]),
        ),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};
    use tidegate_engine::{Decided, PolicyCatalog};

    use super::Usable;
    use crate::output::Expected;

    fn catalog() -> PolicyCatalog {
        let event_type = |name: &str, channels: &[&str], drop_rules: &[&str]| {
            json!({
                "name": name, "versions": [], "target_version": "1", "default_version": "1", "migrations": [], "rules": [],
                "drop_rules": drop_rules, "accepted": true, "channels": channels, "retry_delays_ms": [],
            })
        };
        let catalog = json!({
            "name": "p", "version": "1", "digest": null, "channels": ["out"], "alerts": [], "limits": { "event_bytes": 1, "depth": 1 },
            "event_types": [event_type("sent", &["out"], &["test-tenant"]), event_type("unsent", &[], &[])],
            "envelope": { "id": "/id", "event_type": "/type", "version": null, "key": null, "time": null },
            "cloud_events": { "attributes": [], "payload": null },
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
            now: "2026-03-01T09:30:00Z",
            is_bound: &|channel| channel == "out",
        };
        Usable::check(decided, expected).err().map(|unusable| unusable.kind())
    }

    fn output(id: &str, channel: &str) -> Value {
        json!({ "channel": channel, "key": null, "id": id, "event_type": "sent", "event": null, "attributes": [], "not_before": null })
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
            (with("not_before", json!("2026-03-08T10:30:00+01:00")), None),
            (with("not_before", json!("2020-01-01T00:00:00Z")), None),
            (with("not_before", json!("2026-03-08T09:30:01Z")), Some("too-late")),
            (with("not_before", json!("tomorrow")), Some("not-a-time")),
            (
                with("attributes", json!([{ "name": "data", "value": "x" }])),
                Some("bad-attribute"),
            ),
        ] {
            assert_eq!(kind(&changes), expected, "{changes}");
        }
    }
}
