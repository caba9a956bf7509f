//! The `json` interface of a policy for tests: its records as text, in the form that `wit/policy.wit` shows.

use serde_json::{Value, json};

use crate::Guest;
use crate::exports::bindings::exports::tidegate::policy::{
    gate::{Context, Decided, Decision},
    validation::{PolicyCatalog, Violation},
};

/// `json.process`. A policy for tests is asked by those who know how; what is no request gives a misuse and no reason.
pub(crate) fn process<G: Guest>(request: &str) -> Value {
    let request: Value = serde_json::from_str(request).unwrap_or_default();
    let text = |name: &str| request[name].as_str().map(str::to_owned);
    let (Some(event), Some(now)) = (text("event"), text("now")) else {
        return json!({ "misuse": "the request must have event and now" });
    };
    let target_version = text("target_version");
    match G::process(&event, Context { now, target_version }) {
        Ok(decided) => decision_of(decided),
        Err(misuse) => json!({ "misuse": misuse.message }),
    }
}

/// `json.catalog`.
pub(crate) fn catalog(catalog: PolicyCatalog) -> Value {
    let event_types = catalog.event_types.iter().map(|known| {
        let versions = known.versions.iter();
        let versions = versions.map(|info| json!({ "version": info.version, "example": info.example }));
        json!({
            "name": known.name,
            "versions": versions.collect::<Vec<_>>(),
            "latest": known.latest,
            "accepted": known.accepted,
            "channel": known.channel,
            "retry_delays_ms": known.retry_delays_ms,
        })
    });
    json!({
        "name": catalog.name,
        "version": catalog.version,
        "event_types": event_types.collect::<Vec<_>>(),
        "channels": catalog.channels,
        "limits": { "event_bytes": catalog.limits.event_bytes, "depth": catalog.limits.depth },
    })
}

fn decision_of(decided: Decided) -> Value {
    let outputs = decided.outputs.iter().map(|output| {
        json!({
            "channel": output.channel,
            "key": output.key,
            "id": output.id,
            "event_type": output.event_type,
            "event": output.event,
        })
    });
    json!({
        "decision": match decided.decision {
            Decision::Forward => "forward",
            Decision::Drop => "drop",
            Decision::Reject => "reject",
        },
        "reason": decided.reason,
        "event_id": decided.event_id,
        "event_type": decided.event_type,
        "event_version": decided.event_version,
        "outputs": outputs.collect::<Vec<_>>(),
        "violations": decided.violations.iter().map(violation).collect::<Vec<_>>(),
    })
}

fn violation(violation: &Violation) -> Value {
    json!({ "code": violation.code, "path": violation.path, "message": violation.message })
}
