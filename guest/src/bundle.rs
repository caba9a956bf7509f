//! A bundle: the part of a policy that is data, a manifest and its schemas.
//! Knows nothing of code: no steps, no derived events, no validators.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use crate::contract::Violation;
use crate::manifest::{EventType, Manifest};
use crate::merge::merge;
use crate::parse;
use crate::place::Place;

/// The file of a bundle that is not a schema.
const MANIFEST: &str = "policy.json";

/// The files under `schemas/`, compiled in: name and text.
const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// The data of a policy.
///
/// A bundle is a set of JSON files. `policy.json` is the manifest, which names the file of each schema; other files exist to be
/// referred to.
#[derive(Debug, Clone, Serialize)]
pub struct Bundle {
    /// The content of `policy.json`.
    pub manifest: Manifest,
    /// All other files.
    pub files: Vec<File>,
}

/// One JSON file of a bundle.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its path inside the bundle, such as `order.placed/1.json`.
    pub name: Cow<'static, str>,
    /// Its text.
    pub text: Cow<'static, str>,
}

/// Why a bundle cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// There is no manifest.
    #[error("the bundle has no policy.json")]
    NoManifest,
    /// The manifest is not of the form it should have.
    #[error("policy.json cannot be read")]
    Manifest(#[source] serde_json::Error),
    /// It is not a bundle in one document.
    #[error("this is not a bundle in one document")]
    Document(#[source] serde_json::Error),
    /// The manifest says a thing twice.
    #[error("the manifest is ambiguous at {path}: {message}")]
    Ambiguous {
        /// Where, as a JSON Pointer.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// The version from which another one should be made does not exist.
    #[error("there is no {0} to make another version of")]
    NoOlder(String),
    /// The older schema, or the changes to it, are not JSON.
    #[error("the schema of {0} and the changes for {1} must be JSON")]
    Changes(String, String, #[source] serde_json::Error),
}

impl Bundle {
    /// The bundle of the builtin policy: the folder `schemas/`.
    ///
    /// # Panics
    /// When the folder that was compiled in holds no readable manifest, which the tests rule out.
    pub fn builtin() -> Self {
        let files = BUILTIN.iter().map(|&(name, text)| File {
            name: name.into(),
            text: text.into(),
        });
        Self::from_files(files.collect()).expect("schemas/policy.json is readable")
    }

    /// Makes a bundle of its files, `policy.json` among them.
    pub fn from_files(mut files: Vec<File>) -> Result<Self, BundleError> {
        let at = files
            .iter()
            .position(|file| file.name == MANIFEST)
            .ok_or(BundleError::NoManifest)?;
        let manifest = read_manifest(&files.remove(at).text, BundleError::Manifest)?;
        Ok(Self { manifest, files })
    }

    /// The bundle as one document, which [`Self::from_document`] reads back.
    pub fn to_document(&self) -> Result<String, BundleError> {
        serde_json::to_string(self).map_err(BundleError::Document)
    }

    /// Reads what [`Self::to_document`] wrote.
    pub fn from_document(document: &str) -> Result<Self, BundleError> {
        let Raw { manifest, files } = serde_json::from_str(document).map_err(BundleError::Document)?;
        let manifest = read_manifest(manifest.get(), BundleError::Document)?;
        Ok(Self { manifest, files })
    }

    /// Gives the policy a name and a version of its own, for people.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.manifest.name = name.into();
        self.manifest.version = version.into();
        self
    }

    /// Adds an event type, or replaces the one of that name. Its versions come with [`Self::with_schema`].
    #[must_use]
    pub fn with_event_type(mut self, name: impl Into<String>, event_type: EventType) -> Self {
        self.manifest.event_types.insert(name.into(), event_type);
        self
    }

    /// Adds a version to an event type, as the newest one, or replaces its schema. An unknown type is left unknown.
    #[must_use]
    pub fn with_schema(mut self, event_type: &str, version: &str, schema: impl Into<Cow<'static, str>>) -> Self {
        let Some(known) = self.manifest.event_types.get_mut(event_type) else {
            return self;
        };
        // An event that names no version has been of the only one so far.
        if known.default_version.is_none() {
            known.default_version = Some(known.versions.keys().next().map_or(version, String::as_str).to_owned());
        }
        let file = known
            .versions
            .entry(version.to_owned())
            .or_insert_with(|| format!("{event_type}/{version}.json"));
        let file = file.clone();
        self.with_file(file, schema)
    }

    /// Adds a version to some event types. Its schema is that of an older version with `changes` applied as a JSON merge
    /// patch (RFC 7396): objects are merged, null removes a member, anything else replaces. The constant of the version
    /// is set; title, description and examples of the older version are not taken over. Without an example in the changes,
    /// the policy makes one by migrating that of the previous version.
    pub fn with_version(
        mut self,
        event_types: &[&str],
        older: &str,
        newer: &str,
        changes: &str,
    ) -> Result<Self, BundleError> {
        for event_type in event_types {
            let (old, new) = (format!("{event_type} {older}"), format!("{event_type} {newer}"));
            let file = self.schema(event_type, older);
            let file = file.ok_or_else(|| BundleError::NoOlder(old.clone()))?;
            let read = |text| {
                let value = serde_json::from_str::<Value>(text);
                value.map_err(|source| BundleError::Changes(old.clone(), new.clone(), source))
            };
            let (mut schema, changes) = (read(&file.text)?, read(changes)?);
            merge(
                &mut schema,
                &json!({ "title": null, "description": null, "examples": null }),
            );
            if let Some(place) = self.manifest.envelope.version_place() {
                merge(&mut schema, &json!({ "properties": constant(place, newer) }));
            }
            merge(&mut schema, &changes);
            self = self.with_schema(event_type, newer, schema.to_string());
        }
        Ok(self)
    }

    /// Adds a file, or replaces the one of that name.
    #[must_use]
    pub fn with_file(mut self, name: impl Into<Cow<'static, str>>, text: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        self.files.retain(|file| file.name != name);
        self.files.push(File {
            name,
            text: text.into(),
        });
        self
    }

    /// The file of a schema.
    pub(crate) fn schema(&self, event_type: &str, version: &str) -> Option<&File> {
        let name = self.manifest.event_types.get(event_type)?.versions.get(version)?;
        self.files.iter().find(|file| file.name == *name)
    }
}

/// A bundle whose manifest is still a text. That is read twice, and the schemas are not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'d> {
    #[serde(borrow)]
    manifest: &'d RawValue,
    files: Vec<File>,
}

/// Reads a manifest, with the digits of its text.
fn read_manifest(text: &str, wrong: fn(serde_json::Error) -> BundleError) -> Result<Manifest, BundleError> {
    let manifest: Manifest = serde_json::from_str(text).map_err(wrong)?;
    if !manifest.gives_values() {
        return Ok(manifest);
    }
    let said = parse::read_manifest(text).map_err(ambiguous)?;
    Ok(manifest.with_values_of(&said))
}

fn ambiguous(mut violations: Vec<Violation>) -> BundleError {
    let first = violations.drain(..).next();
    let (path, message) = first.map(|first| (first.path, first.message)).unwrap_or_default();
    BundleError::Ambiguous { path, message }
}

/// The properties of a schema by which the value at a place is this constant.
fn constant(place: &Place, value: &str) -> Value {
    let of = |schema: Value, name: &str| json!({ name: schema });
    let nested = |schema: Value, name: &str| of(json!({ "properties": schema }), name);
    let mut names = place.names().rev();
    let innermost = names
        .next()
        .map_or(Value::Null, |name| of(json!({ "const": value }), name));
    names.fold(innermost, nested)
}
