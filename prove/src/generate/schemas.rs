//! The schemas of a bundle, each where it stands, so that its references lead where those of the policy lead. Nothing is ever
//! fetched. Knows no keyword.

use jsonschema::{Draft, PatternOptions, Registry, Resource, Validator, uri};
use referencing::Resolver;
use serde_json::Value;
use tidegate_policy::File;

use super::sizes::Sizes;

/// The base against which files refer to each other.
const BASE: &str = "tidegate:///";

/// Why the schemas of a bundle cannot be read. A policy that was made of the same bundle rules it out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemasError {
    /// A file is not JSON.
    #[error("{file} is not JSON")]
    Json {
        /// The file.
        file: String,
        /// The error of the reader.
        #[source]
        source: serde_json::Error,
    },
    /// The files do not fit together.
    #[error("the schemas refer to what is not there")]
    Registry(#[from] Box<jsonschema::ReferencingError>),
    /// A file is not there.
    #[error("there is no {0}")]
    NoFile(String),
}

/// The schemas of a bundle.
#[derive(Debug)]
pub(crate) struct Schemas {
    registry: Registry<'static>,
    pub(super) sizes: Sizes,
}

/// A schema, where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Located<'s> {
    pub(crate) schema: &'s Value,
    resolver: Resolver<'s>,
}

impl Schemas {
    pub(crate) fn new<'f>(files: impl IntoIterator<Item = &'f File>) -> Result<Self, SchemasError> {
        let mut registry = Registry::new();
        let mut sizes = Sizes::default();
        for file in files {
            let schema: Value = serde_json::from_str(&file.text).map_err(|source| SchemasError::Json {
                file: file.name.clone().into_owned(),
                source,
            })?;
            sizes.add(&schema);
            registry = registry
                .add(format!("{BASE}{}", file.name), Resource::from_contents(schema))
                .map_err(Box::new)?;
        }
        Ok(Self {
            registry: registry.prepare().map_err(Box::new)?,
            sizes,
        })
    }

    /// The schema in a file.
    pub(crate) fn file(&self, name: &str) -> Result<Located<'_>, SchemasError> {
        let base = uri::from_str(&format!("{BASE}{name}")).map_err(Box::new)?;
        let found = self.registry.resolver(base).lookup("").map_err(Box::new)?;
        let (schema, resolver, _) = found.into_inner();
        Ok(Located { schema, resolver })
    }

    /// What tells whether a value is valid in a schema; `None`: it does not compile.
    pub(crate) fn validator(&self, located: &Located<'_>) -> Option<Validator> {
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .with_base_uri(located.resolver.base_uri().as_str().to_owned())
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .build(located.schema)
            .ok()
    }
}

impl<'s> Located<'s> {
    /// A schema inside this one.
    pub(crate) fn inner(&self, schema: &'s Value) -> Self {
        let resolver = match schema.get("$id") {
            Some(_) => self
                .resolver
                .in_subresource(Draft::Draft202012.create_resource_ref(schema))
                .unwrap_or_else(|_| self.resolver.clone()),
            None => self.resolver.clone(),
        };
        Self { schema, resolver }
    }

    /// The schema that a reference leads to.
    pub(crate) fn follow(&self, reference: &str) -> Option<Self> {
        let (schema, resolver, _) = self.resolver.lookup(reference).ok()?.into_inner();
        Some(Self { schema, resolver })
    }
}
