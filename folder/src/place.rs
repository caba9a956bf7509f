//! Where in the files of a folder the cause of a policy's error stands. Knows what each error is about, and no file.

use serde_json::Value;
use tidegate_policy::{Bundle, File, PolicyError, SchemaError};
use tidegate_text::pointer;

use crate::position::Position;

/// A file, and the keys and indices that lead to what is wrong there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its name; `None`: the manifest.
    pub(crate) file: Option<String>,
    pub(crate) path: Vec<String>,
    /// Where it is, when the error says so itself.
    pub(crate) position: Option<Position>,
}

/// Where the cause of an error stands, as far as the error tells.
pub(crate) fn of(error: &PolicyError, bundle: &Bundle) -> Place {
    let at = |path: &[&str]| Place {
        file: None,
        path: path.iter().map(|step| (*step).to_owned()).collect(),
        position: None,
    };
    let of_type = |event_type: &str, rest: &[&str]| at(&[&["event_types", event_type], rest].concat());
    match error {
        PolicyError::Schema(error) => of_schema(error, bundle),
        PolicyError::Depth(_) => at(&["limits", "depth"]),
        PolicyError::Places { other, .. } => at(&["envelope", other]),
        PolicyError::NoSchema {
            event_type, version, ..
        } => of_type(event_type, &["versions", version]),
        PolicyError::OtherDefault { event_type, .. } => of_type(event_type, &["default_version"]),
        PolicyError::OtherTarget { event_type, .. } => of_type(event_type, &["target_version"]),
        PolicyError::NoVersion(event_type)
        | PolicyError::NoDefault { event_type, .. }
        | PolicyError::NoMigration { event_type, .. }
        | PolicyError::NotLatest { event_type, .. } => of_type(event_type, &["versions"]),
        PolicyError::Migration { event_type, .. } => of_type(event_type, &["migrations"]),
        PolicyError::Emits { event_type, .. } => of_type(event_type, &["emits"]),
        PolicyError::SharedMigration { .. } => at(&["migrations"]),
        PolicyError::SharedRule { at: index, .. } => at(&["rules", &index.to_string()]),
        PolicyError::Expression { path, .. } => at(&path.iter().map(String::as_str).collect::<Vec<_>>()),
        PolicyError::NoExample { event_type, version } => in_schema(bundle, event_type, version, &[]),
        PolicyError::BadExample {
            event_type, version, ..
        } => in_schema(bundle, event_type, version, &["examples", "0"]),
        PolicyError::NoVersionPlace(_) | PolicyError::NoId => at(&["envelope"]),
        PolicyError::NoPlace(name) => at(&["cloudevents", name]),
        PolicyError::Payload | PolicyError::NoAttribute(_) => at(&["cloudevents"]),
        PolicyError::AttributeName(name)
        | PolicyError::SameAttribute(name)
        | PolicyError::TwoAttributes { other: name, .. } => at(&["cloudevents", &attribute(bundle, name)]),
        PolicyError::DeadLetterType(_) => at(&["dead_letters", "type"]),
        PolicyError::NoChannel(section) => at(&[section, "channel"]),
        PolicyError::AlertOfItself(channel) | PolicyError::NoAlertType { channel, .. } => at(&["alerts", channel]),
        PolicyError::TooManyAlerts(_) => at(&["alerts"]),
        _ => at(&[]),
    }
}

/// The key of the manifest for the last name that an attribute stands for.
fn attribute(bundle: &Bundle, name: &str) -> String {
    let named = serde_json::to_value(&bundle.manifest.cloudevents).unwrap_or_default();
    let mut keys = named.as_object().into_iter().flatten().rev();
    keys.find(|(_, attribute)| *attribute == name)
        .map_or_else(String::new, |(key, _)| key.clone())
}

fn in_schema(bundle: &Bundle, event_type: &str, version: &str, path: &[&str]) -> Place {
    let known = bundle.manifest.event_types.get(event_type);
    Place {
        file: known.and_then(|known| known.versions.get(version).cloned()),
        path: path.iter().map(|step| (*step).to_owned()).collect(),
        position: None,
    }
}

fn of_schema(error: &SchemaError, bundle: &Bundle) -> Place {
    let in_file = |file: &str, path: Vec<String>| Place {
        file: Some(file.to_owned()),
        path,
        position: None,
    };
    match error {
        SchemaError::Json { file, source } => Place {
            position: Some(Position {
                line: source.line(),
                column: source.column(),
            }),
            ..in_file(file, Vec::new())
        },
        SchemaError::Reference { file, .. } => in_file(file, Vec::new()),
        SchemaError::Draft { file, .. } => in_file(file, vec!["$schema".to_owned()]),
        SchemaError::Missing(address) => find_in(&bundle.files, &|name, value| {
            is_reference(name) && leads_to(value, address)
        }),
        SchemaError::Format { format, .. } => {
            find_in(&bundle.files, &|name, value| name == "format" && value == format)
        }
        SchemaError::Schema { file, source } => {
            let message = source.to_string();
            let is_meant = |name: &str, value: &str| match name {
                "pattern" => message.starts_with(&format!("\"{value}\" is not")),
                _ => is_reference(name) && names_inside(value, &message),
            };
            // The compiler tells of the file that it was given, which may refer to the one at fault.
            first_invalid(&bundle.files)
                .or_else(|| Some(find_in(&bundle.files, &is_meant)).filter(|place| place.file.is_some()))
                .unwrap_or_else(|| in_file(file, Vec::new()))
        }
        _ => Place::default(),
    }
}

/// The first file that is no schema, and where in it.
fn first_invalid(files: &[File]) -> Option<Place> {
    files.iter().find_map(|file| {
        let schema: Value = serde_json::from_str(&file.text).ok()?;
        let error = jsonschema::draft202012::meta::validate(&schema).err()?;
        Some(Place {
            file: Some(file.name.clone().into_owned()),
            path: pointer::names(error.instance_path().as_str()).unwrap_or_default(),
            position: None,
        })
    })
}

fn is_reference(name: &str) -> bool {
    ["$ref", "$dynamicRef"].contains(&name)
}

/// Whether a reference leads to the file of an address, as far as its last part tells.
fn leads_to(reference: &str, address: &str) -> bool {
    let file = reference.split('#').next().unwrap_or_default();
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    !file.is_empty() && last(file) == last(address)
}

/// Whether a message speaks of what stands behind the `#` of a reference.
fn names_inside(reference: &str, message: &str) -> bool {
    let inside = reference.split_once('#').map_or("", |(_, inside)| inside);
    !inside.is_empty() && message.contains(&format!("'{inside}'"))
}

/// The first keyword with a text, in any file, that is meant.
fn find_in(files: &[File], is_meant: &impl Fn(&str, &str) -> bool) -> Place {
    let found = files.iter().find_map(|file| {
        let schema: Value = serde_json::from_str(&file.text).ok()?;
        Some(Place {
            file: Some(file.name.clone().into_owned()),
            path: find(&schema, is_meant)?,
            position: None,
        })
    });
    found.unwrap_or_default()
}

/// The way to it.
fn find(schema: &Value, is_meant: &impl Fn(&str, &str) -> bool) -> Option<Vec<String>> {
    let under = |step: String, value: &Value| {
        let mut path = find(value, is_meant)?;
        path.insert(0, step);
        Some(path)
    };
    match schema {
        Value::Object(members) => members.iter().find_map(|(name, value)| match value {
            Value::String(text) if is_meant(name, text) => Some(vec![name.clone()]),
            _ => under(name.clone(), value),
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, value)| under(index.to_string(), value)),
        _ => None,
    }
}
