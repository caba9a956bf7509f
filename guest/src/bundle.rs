//! A bundle: the part of a policy that is data. Event types, their channels, schedules and schemas, and the limits.
//! Knows nothing of code: no steps, no derived events, no validators.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::contract::Limits;
use crate::envelope::{Envelope, Place};
use crate::merge::merge;

/// The file of a bundle that is not a schema.
const MANIFEST: &str = "policy.json";

/// The files under `schemas/`, compiled in: name and text.
const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// The data of a policy.
///
/// A bundle is a set of JSON files. `policy.json` is the manifest; `<event type>/<version>.json` is the schema of one
/// version of one type, which makes that version known; other files exist to be referred to.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The content of `policy.json`.
    pub manifest: Manifest,
    /// All other files.
    pub files: Vec<File>,
}

/// One JSON file of a bundle.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path inside the bundle, such as `task.created/1.0.json`.
    pub name: Cow<'static, str>,
    /// Its text.
    pub text: Cow<'static, str>,
}

/// The content of `policy.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the policy, for people.
    pub name: String,
    /// Version of the policy, for people.
    pub version: String,
    /// Limits of an event.
    pub limits: Limits,
    /// Where an event states its id, its type and so on.
    pub envelope: Envelope,
    /// Seconds before each retry, for types that set none of their own and for unknown types.
    pub default_retry_seconds: Vec<u32>,
    /// The event types, in any order.
    pub event_types: Vec<EventType>,
}

/// One event type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventType {
    /// Its name, as events state it.
    pub name: String,
    /// The channel on which it leaves; null: valid events of this type are dropped.
    pub channel: Option<String>,
    /// The version of an event that names none; absent: the only one.
    #[serde(default)]
    pub default_version: Option<String>,
    /// False for types that the policy sends and never accepts.
    #[serde(default = "yes")]
    pub accepted: bool,
    /// Seconds before each retry; absent: the default; empty: never retried.
    #[serde(default)]
    pub retry_seconds: Option<Vec<u32>>,
    /// Whether the user gets an alert when an event of this type is dead-lettered.
    #[serde(default)]
    pub alerts_user: bool,
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
    /// The version from which another one should be made does not exist.
    #[error("there is no {0} to make another version of")]
    NoOlder(String),
    /// The older schema, or the changes to it, are not JSON.
    #[error("{0} and the changes for {1} must be JSON")]
    Changes(String, String, #[source] serde_json::Error),
}

impl EventType {
    /// A type that is accepted and leaves on a channel, with the default retries.
    pub fn new(name: impl Into<String>, channel: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            channel: Some(channel.into()),
            default_version: None,
            accepted: true,
            retry_seconds: None,
            alerts_user: false,
        }
    }
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
        let manifest = serde_json::from_str(&files.remove(at).text).map_err(BundleError::Manifest)?;
        Ok(Self { manifest, files })
    }

    /// Gives the policy a name and a version of its own, for people.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.manifest.name = name.into();
        self.manifest.version = version.into();
        self
    }

    /// Adds an event type, or replaces the one of that name. Its schemas are files: see [`Self::with_file`].
    #[must_use]
    pub fn with_event_type(mut self, event_type: EventType) -> Self {
        let types = &mut self.manifest.event_types;
        types.retain(|known| known.name != event_type.name);
        types.push(event_type);
        self
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
            let (old, new) = (
                format!("{event_type}/{older}.json"),
                format!("{event_type}/{newer}.json"),
            );
            let file = self.files.iter().find(|file| file.name == old);
            let file = file.ok_or_else(|| BundleError::NoOlder(old.clone()))?;
            let read = |text| {
                let value = serde_json::from_str::<Value>(text);
                value.map_err(|source| BundleError::Changes(old.clone(), new.clone(), source))
            };
            let (mut schema, changes) = (read(&file.text)?, read(changes)?);
            let own = json!({
                "title": null,
                "description": null,
                "examples": null,
                "properties": self.manifest.envelope.version.as_ref().map(|place| constant(place, newer)),
            });
            merge(&mut schema, &own);
            merge(&mut schema, &changes);
            self = self.with_file(new.clone(), schema.to_string());
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

    /// The versions of a type with the text of their schemas, oldest first: `1.2` comes before `1.10`.
    pub(crate) fn versions_of(&self, event_type: &str) -> Vec<(&str, &str)> {
        let mut versions: Vec<_> = self
            .files
            .iter()
            .filter_map(|file| {
                let version = file
                    .name
                    .strip_prefix(event_type)?
                    .strip_prefix('/')?
                    .strip_suffix(".json")?;
                Some((version, &*file.text))
            })
            .collect();
        versions.sort_by_key(|&(version, _)| (numbers(version), version));
        versions
    }
}

/// The numbers of a version; a part that is no number counts as the largest.
fn numbers(version: &str) -> Vec<u64> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(u64::MAX))
        .collect()
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

fn yes() -> bool {
    true
}
