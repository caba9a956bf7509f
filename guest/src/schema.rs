//! JSON Schemas (draft 2020-12): compiles them once and lists the violations of one. Knows no event types and no rules.
//!
//! Files refer to each other by relative paths; nothing is ever fetched. `format` is asserted. An unknown format is an error
//! when the schema is compiled, not a check that silently passes.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, PatternOptions, Registry, Resource, ValidationError, Validator};
use serde_json::Value;

use crate::bundle::File;
use crate::contract::Violation;
use crate::time;
use crate::violation::{MAX_PATH_BYTES, MAX_VIOLATIONS, code, under};

/// The version of JSON Schema.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// The base against which the files of a bundle refer to each other.
const BASE: &str = "tidegate:///";

/// Compiles the schemas of one bundle.
#[derive(Debug)]
pub(crate) struct Compiler {
    registry: Registry<'static>,
}

/// One compiled schema.
#[derive(Debug)]
pub(crate) struct Schema {
    validator: Validator,
    example: Option<String>,
}

/// Why a schema does not compile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The file is not JSON.
    #[error("{file} is not JSON")]
    Json {
        /// The file.
        file: String,
        /// The error of the reader.
        #[source]
        source: serde_json::Error,
    },
    /// The file is written for another version of JSON Schema.
    #[error("{file} says that it is written for {found:?}; schemas here are {DRAFT:?}, or say nothing")]
    Draft {
        /// The file.
        file: String,
        /// What its `$schema` names.
        found: String,
    },
    /// The file cannot be referred to.
    #[error("{file} cannot be referred to")]
    Reference {
        /// The file.
        file: String,
        /// The error of the registry.
        #[source]
        source: Box<jsonschema::ReferencingError>,
    },
    /// A schema refers to something that is not among the files.
    #[error("a schema refers to {0}, which is not among the policy's files: write the path of one; nothing is fetched")]
    Missing(String),
    /// The references of the schemas cannot be followed.
    #[error("the references of the schemas cannot be followed")]
    Unresolved(#[source] Box<jsonschema::ReferencingError>),
    /// A format is not known.
    #[error("{file} is not a usable schema: the format {format:?} is not known, and would check nothing")]
    Format {
        /// The file.
        file: String,
        /// The format.
        format: String,
    },
    /// The file is no schema, or refers to something that does not exist.
    #[error("{file} is not a usable schema")]
    Schema {
        /// The file.
        file: String,
        /// The error of the compiler.
        #[source]
        source: Box<ValidationError<'static>>,
    },
}

impl Compiler {
    /// Reads all files, so that each can refer to the others.
    pub(crate) fn new(files: &[File]) -> Result<Self, SchemaError> {
        let mut registry = Registry::new();
        for file in files {
            let resource = Resource::from_contents(parse(&file.name, &file.text)?);
            registry = registry
                .add(format!("{BASE}{}", file.name), resource)
                .map_err(|source| SchemaError::Reference {
                    file: file.name.clone().into_owned(),
                    source: Box::new(source),
                })?;
        }
        let registry = registry.prepare().map_err(|source| match source {
            jsonschema::ReferencingError::Unretrievable { uri, .. } => {
                SchemaError::Missing(uri.strip_prefix(BASE).unwrap_or(&uri).to_owned())
            }
            source => SchemaError::Unresolved(Box::new(source)),
        })?;
        Ok(Self { registry })
    }

    /// Compiles the schema in a file.
    pub(crate) fn compile(&self, file: &str, text: &str) -> Result<Schema, SchemaError> {
        let schema = parse(file, text)?;
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .with_base_uri(format!("{BASE}{file}"))
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .with_format("date-time", time::is_date_time)
            .build(&schema)
            .map_err(|source| unusable(file, source))?;
        let example = schema.pointer("/examples/0").map(Value::to_string);
        Ok(Schema { validator, example })
    }
}

impl Schema {
    /// The first of the schema's own examples, as compact JSON text.
    pub(crate) fn example(&self) -> Option<&str> {
        self.example.as_deref()
    }

    /// Whether the value is valid. Faster than listing violations.
    pub(crate) fn holds(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// All violations of the value, in no particular order.
    pub(crate) fn violations(&self, value: &Value) -> Vec<Violation> {
        self.validator
            .iter_errors(value)
            .take(MAX_VIOLATIONS)
            .map(|error| violation(&error))
            .collect()
    }
}

/// Why a schema does not compile. Of an unknown format the library says what only its caller could set.
fn unusable(file: &str, source: ValidationError<'static>) -> SchemaError {
    let message = source.to_string();
    let format = message
        .strip_prefix("Unknown format: '")
        .and_then(|rest| rest.split_once('\''));
    match format {
        Some((format, _)) => SchemaError::Format {
            file: file.to_owned(),
            format: format.to_owned(),
        },
        None => SchemaError::Schema {
            file: file.to_owned(),
            source: Box::new(source),
        },
    }
}

fn parse(file: &str, text: &str) -> Result<Value, SchemaError> {
    let schema: Value = serde_json::from_str(text).map_err(|source| SchemaError::Json {
        file: file.to_owned(),
        source,
    })?;
    match schema.get("$schema").and_then(Value::as_str) {
        Some(found) if found.trim_end_matches('#') != DRAFT => Err(SchemaError::Draft {
            file: file.to_owned(),
            found: found.to_owned(),
        }),
        _ => Ok(schema),
    }
}

/// One error as a violation. Its message contains parts of the schema and nothing of the event.
fn violation(error: &ValidationError<'_>) -> Violation {
    let at = error.instance_path().as_str();
    let mut path = if at.len() > MAX_PATH_BYTES {
        String::new()
    } else {
        at.to_owned()
    };
    let (code, message) = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            path.push_str(&under(name, ""));
            (code::REQUIRED, format!("{name} is required"))
        }
        ValidationErrorKind::Type { kind } => (code::TYPE, format!("must be {}", types(kind))),
        ValidationErrorKind::Format { format } if format == "date-time" => (
            code::FORMAT,
            "must be a date and time with an offset (RFC 3339)".to_owned(),
        ),
        ValidationErrorKind::Format { format } => (code::FORMAT, format!("must be of the format {format}")),
        ValidationErrorKind::Constant { expected_value } => ("const", format!("must be {expected_value}")),
        ValidationErrorKind::Enum { options } => ("enum", format!("must be one of {options}")),
        ValidationErrorKind::MinLength { limit: 1 } => (code::MIN_LENGTH, "must not be empty".to_owned()),
        ValidationErrorKind::MinLength { limit } => (code::MIN_LENGTH, format!("must have {limit} characters or more")),
        ValidationErrorKind::MaxLength { limit } => ("max-length", format!("must have {limit} characters or fewer")),
        ValidationErrorKind::Pattern { pattern } => ("pattern", format!("must match {pattern}")),
        ValidationErrorKind::Minimum { limit } => ("minimum", format!("must be {limit} or more")),
        ValidationErrorKind::Maximum { limit } => ("maximum", format!("must be {limit} or less")),
        other => (code::SCHEMA, format!("breaks the schema's {}", other.keyword())),
    };
    Violation::new(code, path, message)
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => with_article(kind.as_str()),
        TypeKind::Multiple(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(|kind| with_article(kind.as_str())).collect();
            kinds.join(" or ")
        }
    }
}

fn with_article(kind: &str) -> String {
    match kind {
        "null" => kind.to_owned(),
        "array" | "integer" | "object" => format!("an {kind}"),
        other => format!("a {other}"),
    }
}
