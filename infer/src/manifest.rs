//! The text of a manifest: the YAML that a person edits from now on.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::{
    document::Attributes,
    envelope::{Envelope, Id},
    inferred::{Inferred, InferredVersion},
    place::Place,
};

/// Where events state what, as a manifest writes it.
pub(crate) fn envelope(envelope: &Envelope) -> Map<String, Value> {
    let pointer = |place: &Place| Value::from(place.pointer());
    let id = match &envelope.id {
        Id::Member(place) => Some(pointer(place)),
        Id::Members(places) => Some(serde_json::json!({ "of": places.iter().map(pointer).collect::<Vec<_>>() })),
        Id::Nothing => None,
    };
    let optional = |place: &Option<Place>| place.as_ref().map(pointer);
    some([
        ("id", id),
        ("type", Some(pointer(&envelope.event_type))),
        ("version", optional(&envelope.version)),
        ("key", optional(&envelope.key)),
        ("time", optional(&envelope.time)),
        ("payload", optional(&envelope.payload)),
    ])
}

/// The attributes that stand for members, as a manifest writes them.
pub(crate) fn cloudevents(attributes: Attributes, has_payload: bool) -> Map<String, Value> {
    let optional = |attribute: Option<&str>| attribute.map(Value::from);
    some([
        ("id", optional(attributes.id)),
        ("type", optional(attributes.event_type)),
        ("version", optional(attributes.version)),
        ("key", optional(attributes.key)),
        ("time", optional(attributes.time)),
        ("payload", has_payload.then(|| "data".into())),
    ])
}

fn some(members: [(&str, Option<Value>); 6]) -> Map<String, Value> {
    let stated = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    stated.collect()
}

/// The text of `policy.yaml`.
pub fn manifest(inferred: &Inferred, name: &str) -> String {
    let mut text = format!(
        "# Inferred by `tidegate new` from {} events. Every one of them is valid. What to check:\n#\n",
        inferred.events
    );
    for check in &inferred.check {
        lines(&mut text, check);
    }
    let _ = write!(text, "name: {name}\nversion: 0.1.0\n\n# Where events state what.\n");
    let _ = writeln!(text, "envelope: {}", flow(&inferred.envelope));
    if !inferred.cloudevents.is_empty() {
        let _ = writeln!(text, "cloudevents: {}", flow(&inferred.cloudevents));
    }
    if !inferred.envelope.contains_key("id") {
        text.push_str("idempotency: off # nothing tells two events apart\n");
    }
    text.push_str("\n# The delays before each retry. Then the event is dead-lettered, on the channel `dlq`.\n");
    text.push_str("retry:\n  default: [1s, 2s, 4s]\n");
    text.push_str("\nevent_types:\n");
    for event_type in &inferred.event_types {
        let _ = writeln!(text, "  {}:", scalar(&event_type.name));
        let _ = writeln!(text, "    channel: {}", scalar(&event_type.channel));
        versions(&mut text, &event_type.versions);
    }
    text
}

/// The versions of a type. A migration that does nothing lets each event leave in the newest one.
fn versions(text: &mut String, versions: &[InferredVersion]) {
    let file = |version: &InferredVersion| format!("{}: {}", scalar(&version.version), scalar(&version.file));
    let files: Vec<_> = versions.iter().map(file).collect();
    let _ = writeln!(text, "    versions: {{ {} }}", files.join(", "));
    let ([oldest, ..], true) = (versions, versions.len() > 1) else {
        return;
    };
    let _ = writeln!(text, "    default_version: {}", scalar(&oldest.version));
    text.push_str("    migrations: # what changed is not known: say it under `do`, then narrow the newer schema\n");
    for pair in versions.windows(2) {
        let (from, to) = (scalar(&pair[0].version), scalar(&pair[1].version));
        let _ = writeln!(text, "      - {{ from: {from}, to: {to}, otherwise: reject, do: [] }}");
    }
}

/// A sentence as a comment, in lines that fit a screen.
fn lines(text: &mut String, sentence: &str) {
    const COLUMNS: usize = 120;
    let mut line = "# -".to_owned();
    for word in sentence.split_whitespace() {
        if line.len() + word.len() >= COLUMNS {
            let _ = writeln!(text, "{line}");
            "#  ".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}

/// `{ id: /id, type: /type }`
fn flow(members: &Map<String, Value>) -> String {
    let member = |(name, value): (&String, &Value)| format!("{name}: {}", value_of(value));
    format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
}

fn value_of(value: &Value) -> String {
    match value {
        Value::Object(members) => flow(members),
        Value::Array(items) => format!("[{}]", items.iter().map(value_of).collect::<Vec<_>>().join(", ")),
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// A text, in quotes unless YAML reads it as itself. A quoted text of JSON is one of YAML.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 8] = ["true", "false", "null", "yes", "no", "on", "off", "y"];
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
    let is_inside = |char: char| char.is_ascii_alphanumeric() || "/._-~".contains(char);
    let is_word = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) || text.eq_ignore_ascii_case("n");
    if begins && !is_word && text.chars().all(is_inside) {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}
