//! Valid events of one version of a type: made from its schema and from what the envelope demands, and judged by the policy itself.
//! Knows no migration.

use serde_json::{Map, Value, json};
use tidegate_policy::{Envelope, File, Manifest, NameOf, Policy, Rejection, VersionPlace};
use tidegate_text::{number::is_plain_integer, pointer};

use crate::{
    generate::{Generator, Located, Schemas, SchemasError},
    random::Random,
};

/// How many events are tried for each one that is wanted, at most.
const TRIES: usize = 8;

/// A version of an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version<'m> {
    pub(crate) event_type: &'m str,
    /// Its name.
    pub(crate) name: &'m str,
    /// The file of its schema.
    pub(crate) file: &'m str,
}

/// Makes valid events of a version.
#[derive(Debug)]
pub(crate) struct Events<'s> {
    policy: &'s Policy,
    generator: Generator<'s>,
    schemas: [Located<'s>; 2],
    tries: usize,
}

/// What was tried.
#[derive(Debug)]
pub(crate) enum Event {
    /// A valid event, as compact text.
    Valid(String),
    /// An event on which a rule could not be evaluated.
    Failed(String, Rejection),
}

impl<'m> Version<'m> {
    /// The versions of all types.
    pub(crate) fn all(manifest: &'m Manifest) -> Vec<Self> {
        let types = manifest.event_types.iter();
        types
            .flat_map(|(event_type, known)| {
                known
                    .versions
                    .iter()
                    .map(|(name, file)| Self { event_type, name, file })
            })
            .collect()
    }

    /// The name of the file that holds what the envelope demands. No file of a folder begins with a dot.
    fn envelope_file(self) -> String {
        // The names may hold what no address may.
        let numbers = |text: &str| {
            let numbers: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
            numbers.join("-")
        };
        format!(".envelope/{}/{}.json", numbers(self.event_type), numbers(self.name))
    }
}

/// The schemas of a bundle, and what its envelope demands of each version.
pub(crate) fn schemas(files: &[File], manifest: &Manifest) -> Result<Schemas, SchemasError> {
    let demands = Version::all(manifest).into_iter().map(|version| File {
        name: version.envelope_file().into(),
        text: demands(&manifest.envelope, version).to_string().into(),
    });
    let all: Vec<File> = files.iter().cloned().chain(demands).collect();
    Schemas::new(&all)
}

impl<'s> Events<'s> {
    pub(crate) fn new(
        policy: &'s Policy,
        schemas: &'s Schemas,
        version: Version<'_>,
        seed: u64,
        wanted: usize,
    ) -> Result<Self, SchemasError> {
        let random = Random::named(seed, &[version.event_type, version.name]);
        Ok(Self {
            policy,
            generator: Generator::new(schemas, random),
            schemas: [schemas.file(version.file)?, schemas.file(&version.envelope_file())?],
            tries: wanted.saturating_mul(TRIES),
        })
    }
}

impl Iterator for Events<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            self.tries = self.tries.checked_sub(1)?;
            let Some(value) = self.generator.value(&self.schemas) else {
                continue;
            };
            let text = value.to_string();
            match self.policy.validate(text.as_bytes(), &[]) {
                Ok(_) => return Some(Event::Valid(text)),
                Err(rejection) if is_failure(&rejection) => return Some(Event::Failed(text, rejection)),
                Err(_) => {}
            }
        }
    }
}

/// Whether nothing is wrong with an event but that a rule could not be evaluated.
pub(crate) fn is_failure(rejection: &Rejection) -> bool {
    let mut codes = rejection.violations.iter().map(|violation| &*violation.code);
    codes.all(|code| ["rule-error", "rule-cost"].contains(&code))
}

/// What the envelope demands of an event of a version, as a schema.
fn demands(envelope: &Envelope, version: Version<'_>) -> Value {
    let mut schema = json!({});
    let event_type = match envelope.version {
        Some(VersionPlace::End { .. }) => {
            let end = |v: &str| format!("{}.{v}{}", version.event_type, version.name);
            json!({ "enum": [end("v"), end("")] })
        }
        Some(VersionPlace::Member(_)) | None => json!({ "const": version.event_type }),
    };
    demand(&mut schema, envelope.event_type.pointer(), &event_type);
    if let Some(place) = envelope.version.as_ref().and_then(VersionPlace::member) {
        let mut forms = vec![json!(version.name)];
        if is_plain_integer(version.name) {
            forms.extend(serde_json::from_str::<Value>(version.name));
        }
        demand(&mut schema, place.pointer(), &json!({ "enum": forms }));
    }
    let name = |least: usize| json!({ "type": ["string", "integer"], "minLength": least });
    match &envelope.id {
        Some(NameOf::Member(place)) => demand(&mut schema, place.pointer(), &name(1)),
        Some(NameOf::Members { of }) => of
            .iter()
            .for_each(|place| demand(&mut schema, place.pointer(), &json!({}))),
        None => {}
    }
    match &envelope.key {
        Some(NameOf::Member(place)) => demand(&mut schema, place.pointer(), &name(0)),
        Some(NameOf::Members { of }) => of
            .iter()
            .for_each(|place| demand(&mut schema, place.pointer(), &name(0))),
        None => {}
    }
    schema
}

/// Demands that there is a member at a place, with this schema.
fn demand(schema: &mut Value, place: &str, of: &Value) {
    let mut inside = schema;
    for name in pointer::names(place).unwrap_or_default() {
        let Some(members) = inside.as_object_mut() else { return };
        members.insert("type".to_owned(), "object".into());
        let required = members.entry("required").or_insert_with(|| json!([]));
        if let Some(required) = required
            .as_array_mut()
            .filter(|required| !required.contains(&json!(name)))
        {
            required.push(name.clone().into());
        }
        let properties = members.entry("properties").or_insert_with(|| json!({}));
        let Some(properties) = properties.as_object_mut() else {
            return;
        };
        inside = properties.entry(name).or_insert_with(|| json!({}));
    }
    // The key may be the id too.
    let Some(members) = inside.as_object_mut() else { return };
    for (keyword, value) in of.as_object().into_iter().flatten().map(owned).collect::<Map<_, _>>() {
        members.entry(keyword).or_insert(value);
    }
}

fn owned((keyword, value): (&String, &Value)) -> (String, Value) {
    (keyword.clone(), value.clone())
}
