//! From YAML and the environment to a [`File`]. The document is checked against the published JSON Schema, so that all
//! problems are found, not only the first.

use std::path::Path;

use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value};

use super::{
    checked::Config,
    env::Environment,
    file::File,
    problem::{ConfigError, Problem},
};

/// The keys whose value is a fraction.
const FRACTIONS: [&[&str]; 4] = [
    &["retries", "scale"],
    &["policy", "rollback", "fault_ratio"],
    &["policy", "rollback", "reject_jump"],
    &["policy", "shadow", "sample"],
];

/// The JSON Schema of the configuration file, for editors.
pub fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(File).to_value();
    schema["$id"] = "https://tidegate.dev/schemas/config.json".into();
    schema["title"] = "Tidegate configuration".into();
    schema
}

/// Reads the configuration: the file, if there is one, then the overrides from the environment.
pub fn read(path: Option<&Path>, environment: &Environment) -> Result<Config, ConfigError> {
    let text = match path {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?,
    };
    parse(&text, environment)
}

pub(super) fn parse(yaml: &str, environment: &Environment) -> Result<Config, ConfigError> {
    let mut document = yaml_value(yaml).map_err(|problem| ConfigError::Invalid(vec![problem]))?;
    let mut problems = environment.problems();
    problems.extend(overlay(&mut document, environment));
    problems.extend(prune_invalid(&mut document));
    let file = loop {
        match serde_path_to_error::deserialize::<_, File>(&document) {
            Ok(file) => break file,
            Err(error) => {
                let key = error.path().to_string();
                let is_removed = remove(&mut document, &format!("/{}", key.replace('.', "/")));
                problems.push(Problem::new(key, error.into_inner().to_string()));
                if !is_removed {
                    return Err(ConfigError::Invalid(sorted(problems)));
                }
            }
        }
    };
    match Config::build(&file, environment) {
        Ok(config) if problems.is_empty() => Ok(config),
        Ok(_) => Err(ConfigError::Invalid(sorted(problems))),
        Err(more) => {
            problems.extend(more);
            Err(ConfigError::Invalid(sorted(problems)))
        }
    }
}

fn yaml_value(yaml: &str) -> Result<Value, Problem> {
    // As in a manifest: a topic may be called `no`.
    let options = serde_saphyr::options! { strict_booleans: true };
    let document: Option<Value> = serde_saphyr::from_str_with_options(yaml, options)
        .map_err(|error| Problem::new("", format!("this is not YAML: {error}")))?;
    match document {
        None | Some(Value::Null) => Ok(Value::Object(Map::new())),
        Some(document @ Value::Object(_)) => Ok(document),
        Some(_) => Err(Problem::new("", "the file must be a mapping of keys to values")),
    }
}

/// Writes the overrides from the environment into the document.
fn overlay(document: &mut Value, environment: &Environment) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text, name) in environment.overrides() {
        let Some((last, sections)) = path.split_last() else {
            continue;
        };
        let value = match serde_saphyr::from_str::<Value>(text) {
            // `1.1` is a version, unless the key is a fraction.
            Ok(Value::Number(number)) if !number.is_u64() && !FRACTIONS.iter().any(|key| path == *key) => {
                Value::String(text.to_owned())
            }
            Ok(value) => value,
            Err(_) => Value::String(text.to_owned()),
        };
        let section = sections.iter().try_fold(&mut *document, |section, key| {
            let object = section.as_object_mut()?;
            Some(object.entry(key.as_str()).or_insert_with(|| Value::Object(Map::new())))
        });
        match section.and_then(Value::as_object_mut) {
            Some(object) => {
                object.insert(last.clone(), value);
            }
            None => problems.push(Problem::new(name, "names a key inside a value that is not a mapping")),
        }
    }
    problems
}

/// Removes what does not match the schema, so that the rest can be checked too. Returns the problems.
fn prune_invalid(document: &mut Value) -> Vec<Problem> {
    let schema = json_schema();
    let Ok(validator) = jsonschema::validator_for(&schema) else {
        return vec![Problem::new("", "the schema of the configuration does not compile")];
    };
    let mut faults: Vec<(String, Problem)> = Vec::new();
    for error in validator.iter_errors(document) {
        let pointer = error.instance_path().to_string();
        let key = pointer.trim_start_matches('/').replace('/', ".");
        let channel = matches!(error.kind(), ValidationErrorKind::AnyOf { .. }) && pointer.starts_with("/channels/");
        if matches!(error.kind(), ValidationErrorKind::OneOfNotValid { .. }) {
            // Not one of the allowed words: deserialising it lists them.
            continue;
        }
        if channel {
            let wanted = "must be one of { topic }, { app, method }, { url } and { log }, with strings";
            faults.push((pointer, Problem::new(key, wanted)));
        } else if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
            for name in unexpected {
                let key = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                faults.push((format!("{pointer}/{name}"), Problem::new(key, "there is no such key")));
            }
        } else {
            faults.push((pointer, Problem::new(key, error.to_string())));
        }
    }
    // From the end, so that the indexes of array elements stay valid.
    for (pointer, _) in faults.iter().rev() {
        remove(document, pointer);
    }
    faults.into_iter().map(|(_, problem)| problem).collect()
}

/// True when there was something to remove.
fn remove(document: &mut Value, pointer: &str) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return false;
    };
    match document.pointer_mut(parent) {
        Some(Value::Object(object)) => object.shift_remove(name).is_some(),
        Some(Value::Array(array)) => match name.parse() {
            Ok(index) if index < array.len() => {
                array.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    problems
}
