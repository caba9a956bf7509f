//! From samples to a policy, step by step.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::{
    channel::channels,
    checks::checks,
    document::Documents,
    error::InferError,
    inferred::{Inferred, InferredType},
    manifest,
    place::Place,
    sample::Sample,
    schema::schema,
    types::{self, Seen},
};

/// The most types; a policy has at most 2,000 schemas.
const MOST_TYPES: usize = 1000;

/// Infers a policy from sample events.
pub fn infer(samples: &[Sample]) -> Result<Inferred, InferError> {
    if samples.is_empty() {
        return Err(InferError::Empty);
    }
    let mut documents = Documents::of(samples, true)?;
    let mut seen = types::seen(&documents.values, &documents.envelope);
    if seen.len() > MOST_TYPES {
        return Err(InferError::TooManyTypes {
            place: documents.envelope.event_type.pointer(),
            found: seen.len(),
            most: MOST_TYPES,
        });
    }
    let mut check = Vec::new();
    let several = seen
        .iter()
        .find_map(|(name, seen)| Some((name, seen.several_versions()?)));
    // Without a migration between them, they cannot be told apart.
    if let Some((name, versions)) = several {
        let place = documents
            .envelope
            .version
            .map(|place| place.pointer())
            .unwrap_or_default();
        check.push(format!(
            "{name} has several versions at {place}: {versions}. One schema takes them all; for one each, name the place in `envelope`, \
             split the schema and write the migration"
        ));
        documents = Documents::of(samples, false)?;
        seen = types::seen(&documents.values, &documents.envelope);
    }
    let Documents {
        envelope,
        attributes,
        values,
    } = documents;
    let names: Vec<_> = seen.keys().map(String::as_str).collect();
    let is_versioned = envelope.version.is_some();
    let mut files = FileNames::default();
    let event_types: Vec<_> = seen
        .iter()
        .zip(channels(&names))
        .map(|((name, seen), channel)| {
            let version = if is_versioned { seen.version() } else { "1" };
            InferredType {
                name: name.clone(),
                events: seen.count,
                version: version.to_owned(),
                channel,
                file: files.of(name),
                schema: schema_of(name, seen, &envelope.event_type),
            }
        })
        .collect();
    check.extend(checks(&envelope, &event_types));
    Ok(Inferred {
        events: values.len(),
        envelope: manifest::envelope(&envelope),
        cloudevents: manifest::cloudevents(attributes, envelope.payload.is_some()),
        event_types,
        check,
    })
}

/// The schema of a type, with its name where events state it, and an example.
fn schema_of(name: &str, seen: &Seen, place: &Place) -> Value {
    let mut whole = Map::new();
    whole.insert(
        "$schema".to_owned(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    whole.insert(
        "title".to_owned(),
        format!("{name}, inferred from {} events", seen.count).into(),
    );
    whole.extend(schema(&seen.shape));
    let mut whole = Value::Object(whole);
    let at = place
        .0
        .iter()
        .try_fold(&mut whole, |inside, name| inside.get_mut("properties")?.get_mut(name));
    if let Some(at) = at {
        *at = json!({ "const": name });
    }
    whole["examples"] = json!([seen.example]);
    whole
}

/// Names of files that differ, whatever the types are called.
#[derive(Default)]
struct FileNames(HashSet<String>);

impl FileNames {
    fn of(&mut self, event_type: &str) -> String {
        let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_');
        let plain: String = event_type
            .chars()
            .map(|char| if is_plain(char) { char } else { '-' })
            .take(80)
            .collect();
        let plain = plain.trim_start_matches('.');
        let plain = if plain.is_empty() { "event" } else { plain };
        let candidates = (1..).map(|number| match number {
            1 => format!("schemas/{plain}.json"),
            _ => format!("schemas/{plain}-{number}.json"),
        });
        let mut free = candidates.filter(|name| self.0.insert(name.to_ascii_lowercase()));
        free.next().unwrap_or_default()
    }
}
