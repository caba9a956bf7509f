//! What a person should check in what was inferred, in sentences.

use serde_json::Value;
use tidegate_text::{escape::visible, pointer};

use crate::{
    envelope::{Envelope, Id},
    inferred::{InferredType, InferredVersion},
};

/// The samples below which a schema says more of them than of their type.
const FEW: usize = 10;
/// The places that are listed; the schemas have them all.
const LISTED: usize = 8;

/// What a person should check.
pub(crate) fn checks(envelope: &Envelope, types: &[InferredType]) -> Vec<String> {
    let mut checks = Vec::new();
    match &envelope.id {
        Id::Member(_) => {}
        Id::Members(places) => {
            let places: Vec<_> = places.iter().map(crate::place::Place::pointer).collect();
            checks.push(format!(
                "No member is an id. {} together are another in each event here: two events that agree in them are taken for one",
                places.join(" and ")
            ));
        }
        Id::Nothing => checks
            .push("Nothing tells two events apart, so a repeat is published again (`idempotency: off`)".to_owned()),
    }
    match &envelope.key {
        Some(place) => checks.push(format!(
            "Events of one {} keep their order: it is the key",
            place.pointer()
        )),
        None => checks.push("No member looks like a key (`envelope.key`), so no events keep their order".to_owned()),
    }
    if envelope.time.is_none() {
        checks.push("No member of all events is a time in RFC 3339 (`envelope.time`)".to_owned());
    }
    if let Some(place) = &envelope.version {
        let several: Vec<_> = types
            .iter()
            .filter(|event_type| event_type.versions.len() > 1)
            .collect();
        let named = several.iter().map(|event_type| {
            let versions = event_type.versions.iter().map(|version| &*version.version);
            format!("{} ({})", event_type.name, versions.collect::<Vec<_>>().join(", "))
        });
        let named: Vec<_> = named.collect();
        if !named.is_empty() {
            checks.push(format!(
                "Events state several versions at {}: {}. They leave in the newest one. Nothing tells what changed, so the migrations do \
                 nothing, and a newer schema takes what an older one takes",
                place.pointer(),
                listed(&named)
            ));
        }
    }
    let schemas: Vec<_> = types.iter().flat_map(schemas).collect();
    let few = schemas.iter().filter(|(_, version)| version.events < FEW);
    let few: Vec<_> = few.map(|(name, _)| name).collect();
    if !few.is_empty() {
        checks.push(format!(
            "The schemas with fewer than {FEW} samples demand what these few have: {}",
            listed(&few)
        ));
    }
    let (mut words, mut anything) = (Vec::new(), Vec::new());
    for (name, version) in &schemas {
        let place = envelope.event_type.pointer();
        walk(&version.schema, &mut String::new(), &mut |schema, at| {
            if at != place && (schema.contains_key("enum") || schema.contains_key("const")) {
                words.push(format!("{name} {at}"));
            }
            if schema.is_empty() {
                anything.push(format!("{name} {at}"));
            }
        });
    }
    if !words.is_empty() {
        checks.push(format!("Only the words of the samples are valid at {}", listed(&words)));
    }
    if !anything.is_empty() {
        checks.push(format!(
            "Anything is valid where the samples had only null or empty arrays: {}",
            listed(&anything)
        ));
    }
    checks.push("Each channel, and the retries `1s, 2s, 4s` of all types, are a guess".to_owned());
    checks
}

/// The versions of a type, each with what tells its schema from others.
fn schemas(event_type: &InferredType) -> Vec<(String, &InferredVersion)> {
    let name = |version: &InferredVersion| match event_type.versions.len() {
        1 => event_type.name.clone(),
        _ => format!("{} {}", event_type.name, version.version),
    };
    let versions = event_type.versions.iter();
    versions.map(|version| (name(version), version)).collect()
}

fn listed(names: &[impl AsRef<str>]) -> String {
    let first: Vec<_> = names.iter().take(LISTED).map(|name| visible(name.as_ref())).collect();
    match names.len().saturating_sub(LISTED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Visits the schemas of all members, with their places; `*` stands for the items of an array and for the keys of an object.
fn walk(schema: &Value, at: &mut String, visit: &mut impl FnMut(&serde_json::Map<String, Value>, &str)) {
    let Some(schema) = schema.as_object() else { return };
    visit(schema, at);
    let inside = |name: &str| schema.get(name).into_iter();
    let members = inside("properties").filter_map(Value::as_object).flatten();
    let members = members.map(|(name, inside)| (name.as_str(), inside));
    let any = ["items", "additionalProperties"]
        .into_iter()
        .flat_map(inside)
        .map(|inside| ("*", inside));
    for (name, inside) in members.chain(any) {
        let length = at.len();
        pointer::push(at, name);
        walk(inside, at, visit);
        at.truncate(length);
    }
}
