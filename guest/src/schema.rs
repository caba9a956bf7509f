//! JSON Schemas (draft 2020-12): compiles each once, when it is first needed, and lists the violations of one. Knows no event types and
//! no rules.
//!
//! Files refer to each other by relative paths; nothing is ever fetched. `format` is asserted. An unknown format is an error
//! when the schema is compiled, not a check that silently passes.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{
    Draft, PatternOptions, Registry, Resource, Retrieve, Uri, ValidationError, ValidationOptions, Validator,
    ValidatorMap,
};
use serde_json::{Map, Value, json};
use tidegate_text::cut;

use crate::bundle::File;
use crate::contract::Violation;
use crate::time;
use crate::violation::{MAX_PATH_BYTES, MAX_VIOLATIONS, code, under};

/// The version of JSON Schema.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// The most bytes that one compiled pattern may take.
const PATTERN_BYTES: usize = 1 << 20;
/// The most characters of a message.
const MOST_SHOWN: usize = 1000;
/// The base against which the files of a bundle refer to each other.
const BASE: &str = "tidegate:///";
/// The name of all schemas at once. No file of a folder begins with a dot.
const ALL: &str = ".all";

/// Compiles the schemas of one bundle.
#[derive(Debug)]
pub(crate) struct Compiler {
    registry: Registry<'static>,
}

/// One schema.
#[derive(Debug)]
pub(crate) struct Schema {
    file: Cow<'static, str>,
    text: Cow<'static, str>,
    compiler: Arc<Compiler>,
    /// Empty until it is needed; `None`: it does not compile.
    compiled: OnceLock<Option<Compiled>>,
}

/// A schema that was compiled by itself, or at once with others.
#[derive(Debug)]
enum Compiled {
    Alone(Validator),
    /// The one at this place.
    Among(Arc<ValidatorMap>, String),
}

/// Fetches nothing: a policy is its own files.
struct Nothing;

/// A schema refers to what is not among the files.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not among the policy's files, and nothing is fetched")]
struct NotHere(String);

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
        let mut registry = Registry::new().retriever(Nothing);
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

    /// The schema in a file, which is not compiled yet.
    pub(crate) fn schema(self: &Arc<Self>, file: &File) -> Schema {
        Schema {
            file: file.name.clone(),
            text: file.text.clone(),
            compiler: self.clone(),
            compiled: OnceLock::new(),
        }
    }

    /// Compiles schemas, and says why the first one that does not compile fails. At once: on wasm the library makes its validator of
    /// schemas anew for each call, which takes far longer than to compile a schema.
    pub(crate) fn compile_all(&self, schemas: &[&Schema]) -> Result<(), SchemaError> {
        let parsed = schemas.iter().map(|schema| parse(&schema.file, &schema.text));
        let parsed: Vec<Value> = parsed.collect::<Result<_, _>>()?;
        let key = |at: usize| at.to_string();
        let references = schemas.iter().enumerate();
        let references = references.map(|(at, schema)| (key(at), json!({ "$ref": format!("{BASE}{}", schema.file) })));
        let all = json!({ "$defs": references.collect::<Map<_, _>>() });
        let (Ok(map), Ok(of_schemas)) = (self.options(ALL).build_map(&all), jsonschema::meta::validator_for(&all))
        else {
            return schemas.iter().try_for_each(|schema| schema.compile_alone());
        };
        let map = Arc::new(map);
        for (at, (schema, value)) in schemas.iter().zip(&parsed).enumerate() {
            let pointer = format!("#/$defs/{}", key(at));
            if map.contains_key(&pointer) && of_schemas.is_valid(value) {
                schema
                    .compiled
                    .get_or_init(|| Some(Compiled::Among(map.clone(), pointer)));
            } else {
                schema.compile_alone()?;
            }
        }
        Ok(())
    }

    fn compile(&self, file: &str, text: &str) -> Result<Compiled, SchemaError> {
        let schema = parse(file, text)?;
        let validator = self.options(file).build(&schema);
        validator.map(Compiled::Alone).map_err(|source| unusable(file, source))
    }

    fn options(&self, file: &str) -> ValidationOptions<'_> {
        jsonschema::options()
            .with_retriever(Nothing)
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .with_base_uri(format!("{BASE}{file}"))
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES))
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .with_format("date-time", time::is_date_time)
    }
}

impl Retrieve for Nothing {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(Box::new(NotHere(uri.to_string())))
    }
}

impl Schema {
    fn compile_alone(&self) -> Result<(), SchemaError> {
        let compiled = self.compiler.compile(&self.file, &self.text)?;
        self.compiled.get_or_init(|| Some(compiled));
        Ok(())
    }

    /// The first of the schema's own examples, as compact JSON text.
    pub(crate) fn example(&self) -> Option<String> {
        let schema: Value = serde_json::from_str(&self.text).ok()?;
        schema.pointer("/examples/0").map(Value::to_string)
    }

    fn validator(&self) -> Option<&Validator> {
        let compile = || self.compiler.compile(&self.file, &self.text).ok();
        match self.compiled.get_or_init(compile).as_ref()? {
            Compiled::Alone(validator) => Some(validator),
            Compiled::Among(map, pointer) => map.get(pointer),
        }
    }

    /// Whether the value is valid. Faster than listing violations.
    pub(crate) fn holds(&self, value: &Value) -> bool {
        self.validator().is_some_and(|validator| validator.is_valid(value))
    }

    /// All violations of the value, in no particular order.
    pub(crate) fn violations(&self, value: &Value) -> Vec<Violation> {
        let Some(validator) = self.validator() else {
            let message = "the schema of this version cannot be used".to_owned();
            return vec![Violation::new(code::SCHEMA, "", message)];
        };
        validator
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
    // Short, whatever stands in the schema.
    Violation::new(code, path, cut::after(&message, MOST_SHOWN))
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
