//! From samples to a policy, step by step.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::{
    channel::channels,
    checks::checks,
    document::Documents,
    error::InferError,
    inferred::{Inferred, InferredType, InferredVersion},
    manifest,
    place::Place,
    sample::Sample,
    types::{self, Seen},
    versions::schemas,
};

/// The most types, their versions counted; a policy has at most 2,000 schemas.
const MOST_TYPES: usize = 1000;

/// Infers a policy from sample events.
pub fn infer(samples: &[Sample]) -> Result<Inferred, InferError> {
    if samples.is_empty() {
        return Err(InferError::Empty);
    }
    let Documents {
        envelope,
        attributes,
        values,
    } = Documents::of(samples)?;
    let seen = types::seen(&values, &envelope);
    let found = seen.values().map(|seen| seen.versions.len()).sum();
    if found > MOST_TYPES {
        return Err(InferError::TooManyTypes {
            place: envelope.event_type.pointer(),
            found,
            most: MOST_TYPES,
        });
    }
    let names: Vec<_> = seen.keys().map(String::as_str).collect();
    let mut files = FileNames::default();
    let event_types: Vec<_> = seen
        .iter()
        .zip(channels(&names))
        .map(|((name, seen), channel)| InferredType {
            name: name.clone(),
            events: seen.count(),
            channel,
            versions: versions(name, seen, &envelope.event_type, &mut files),
        })
        .collect();
    Ok(Inferred {
        events: values.len(),
        check: checks(&envelope, &event_types),
        envelope: manifest::envelope(&envelope),
        cloudevents: manifest::cloudevents(attributes, envelope.payload.is_some()),
        event_types,
    })
}

/// The versions of a type, each with its schema.
fn versions(name: &str, seen: &Seen<'_>, place: &Place, files: &mut FileNames) -> Vec<InferredVersion> {
    let is_only = seen.versions.len() == 1;
    let schemas = schemas(seen).into_iter().zip(&seen.versions).enumerate();
    let version = |(at, (schema, version)): (usize, (Map<String, Value>, &String))| {
        let events = seen.count_of(at);
        InferredVersion {
            version: version.clone(),
            events,
            file: files.of(name, (!is_only).then_some(version)),
            // An example migrates to each other version. Nothing else than an event of the oldest one surely does.
            schema: whole((name, events), schema, place, (at == 0).then(|| seen.example(at))),
        }
    };
    schemas.map(version).collect()
}

/// The schema of a version, with the name of the type where events state it, and an example if there is one.
fn whole((name, events): (&str, usize), schema: Map<String, Value>, place: &Place, example: Option<&Value>) -> Value {
    let mut whole = Map::new();
    whole.insert(
        "$schema".to_owned(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    whole.insert(
        "title".to_owned(),
        format!("{name}, inferred from {events} events").into(),
    );
    whole.extend(schema);
    let mut whole = Value::Object(whole);
    let at = place
        .0
        .iter()
        .try_fold(&mut whole, |inside, name| inside.get_mut("properties")?.get_mut(name));
    if let Some(at) = at {
        *at = json!({ "const": name });
    }
    if let Some(example) = example {
        whole["examples"] = json!([example]);
    }
    whole
}

/// Names of files that differ, whatever the types are called.
#[derive(Default)]
struct FileNames(HashSet<String>);

impl FileNames {
    /// The file of a type, or of one of its versions.
    fn of(&mut self, event_type: &str, version: Option<&str>) -> String {
        let mut path = format!("schemas/{}", plain(event_type));
        if let Some(version) = version {
            path.push('/');
            path.push_str(&plain(version));
        }
        let names = (1..).map(|number| match number {
            1 => format!("{path}.json"),
            _ => format!("{path}-{number}.json"),
        });
        let mut free = names.filter(|name| self.0.insert(name.to_ascii_lowercase()));
        free.next().unwrap_or_default()
    }
}

/// A name that every file system takes.
fn plain(name: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_');
    let plain: String = name
        .chars()
        .map(|char| if is_plain(char) { char } else { '-' })
        .take(80)
        .collect();
    match plain.trim_start_matches('.') {
        "" => "event".to_owned(),
        plain => plain.to_owned(),
    }
}
