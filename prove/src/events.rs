//! Valid events of one version of a type: made from its schema and from what the envelope demands, and judged by the policy itself.
//! Knows no migration.

use serde_json::{Map, Value, json};
use tidegate_policy::{
    Accepted, Context, Decided, Envelope, EventType, File, Manifest, NameOf, Policy, VersionPlace, Violation, codes,
};
use tidegate_text::{number::is_plain_integer, pointer};

use crate::{
    generate::{Generator, Located, Schemas, SchemasError},
    random::Random,
};

/// How many events are tried for each one that is wanted, at most.
const TRIES: usize = 8;

/// When events are judged: no answer of a policy depends on it but the time that it gives to an event without one.
const NOW: &str = "2026-01-01T00:00:00Z";

/// The name of the file that holds what the envelope demands. No file of a folder begins with a dot.
const DEMANDS: &str = ".envelope.json";

/// A version of an event type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version<'m> {
    pub(crate) event_type: &'m str,
    /// What the manifest says of the type.
    pub(crate) of: &'m EventType,
    /// Its name.
    pub(crate) name: &'m str,
    /// The file of its schema.
    pub(crate) file: &'m str,
}

/// What judges the events of a version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judges<'p> {
    pub(crate) policy: &'p Policy,
    /// The one that asks drop rules too, and the conditions of channels and of what follows; `None`: there are none.
    pub(crate) conditions: Option<&'p Policy>,
}

/// Makes valid events of a version.
#[derive(Debug)]
pub(crate) struct Events<'s> {
    judges: Judges<'s>,
    version: Version<'s>,
    generator: Generator<'s>,
    schemas: [Located<'s>; 2],
    tries: usize,
}

/// A valid event.
#[derive(Debug, Clone)]
pub(crate) struct Valid {
    /// Compact.
    pub(crate) text: String,
    /// The same, read.
    pub(crate) value: Value,
    /// Its names.
    pub(crate) accepted: Accepted,
}

/// What was tried.
#[derive(Debug)]
pub(crate) enum Event {
    Valid(Valid),
    /// An event for which a rule cannot be evaluated.
    Failed(Value, Vec<Violation>),
}

impl<'m> Version<'m> {
    /// The versions of all types.
    pub(crate) fn all(manifest: &'m Manifest) -> Vec<Self> {
        let types = manifest.event_types.iter();
        let versions = types.flat_map(|(event_type, of)| {
            of.versions.iter().map(|(name, file)| Self {
                event_type,
                of,
                name,
                file,
            })
        });
        versions.collect()
    }

    pub(crate) fn is_latest(self) -> bool {
        self.of
            .versions
            .keys()
            .next_back()
            .is_some_and(|latest| latest == self.name)
    }
}

impl Judges<'_> {
    /// What an event of a version is; `None`: not valid.
    pub(crate) fn judge(self, value: Value, version: Version<'_>) -> Option<Event> {
        let text = value.to_string();
        match Valid::of(self.policy, text, value) {
            Ok(valid) => Some(match self.of_conditions(&valid.text, version) {
                Some(violations) if is_failure(&violations) => Event::Failed(valid.value, violations),
                _ => Event::Valid(valid),
            }),
            Err((value, violations)) => is_failure(&violations).then_some(Event::Failed(value, violations)),
        }
    }

    fn of_conditions(self, event: &str, version: Version<'_>) -> Option<Vec<Violation>> {
        let context = Context {
            now: NOW.to_owned(),
            target_version: Some(version.name.to_owned()),
            handed_back: false,
        };
        let Decided { violations, .. } = self.conditions?.process(event.as_bytes(), &[], &context);
        Some(violations)
    }
}

impl Valid {
    /// What a policy accepts; else the event and what is wrong with it.
    pub(crate) fn of(policy: &Policy, text: String, value: Value) -> Result<Self, (Value, Vec<Violation>)> {
        match policy.validate(text.as_bytes(), &[]) {
            Ok(accepted) => Ok(Self { text, value, accepted }),
            Err(rejection) => Err((value, rejection.violations)),
        }
    }
}

/// The schemas of some files, and what the envelope demands of a version.
pub(crate) fn schemas(files: &[File], manifest: &Manifest, version: Version<'_>) -> Result<Schemas, SchemasError> {
    let demands = File {
        name: DEMANDS.into(),
        text: demands(manifest, version).to_string().into(),
    };
    Schemas::new(files.iter().chain([&demands]))
}

impl<'s> Events<'s> {
    pub(crate) fn new(
        judges: Judges<'s>,
        schemas: &'s Schemas,
        version: Version<'s>,
        seed: u64,
        wanted: usize,
    ) -> Result<Self, SchemasError> {
        let random = Random::named(seed, &[version.event_type, version.name]);
        Ok(Self {
            judges,
            version,
            generator: Generator::new(schemas, random),
            schemas: [schemas.file(version.file)?, schemas.file(DEMANDS)?],
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
            if let Some(event) = self.judges.judge(value, self.version) {
                return Some(event);
            }
        }
    }
}

/// Whether nothing is wrong with an event but that a rule cannot be evaluated.
pub(crate) fn is_failure(violations: &[Violation]) -> bool {
    let is_of_rule = |violation: &Violation| [codes::RULE_ERROR, codes::RULE_COST].contains(&&*violation.code);
    !violations.is_empty() && violations.iter().all(is_of_rule)
}

/// What the envelope demands of an event of a version, as a schema.
fn demands(manifest: &Manifest, version: Version<'_>) -> Value {
    let envelope: &Envelope = &manifest.envelope;
    let mut schema = json!({});
    let event_type = match envelope.version {
        Some(VersionPlace::End { .. }) => {
            let end = |v: &str| format!("{}.{v}{}", version.event_type, version.name);
            let mut names = vec![end("v"), end("")];
            names.retain(|name| !manifest.event_types.contains_key(name));
            json!({ "enum": names })
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
