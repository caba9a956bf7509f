//! The event types that a policy knows: versions, schemas, migration paths, retries. Judges nothing.

use std::sync::OnceLock;

use serde_json::Value;

use crate::contract::Schedule;
use crate::emits::Emits;
use crate::expressions::Expressions;
use crate::migration_path::MigrationPath;
use crate::place::Place;
use crate::schema::Schema;

/// One event type, ready for use.
#[derive(Debug)]
pub(crate) struct KnownType {
    pub(crate) name: String,
    pub(crate) expressions: Expressions,
    /// Where an event states the time before which it must not leave.
    pub(crate) not_before: Option<Place>,
    pub(crate) accepted: bool,
    pub(crate) schedule: Schedule,
    /// The index in `versions` of the version of an event that names none.
    pub(crate) default_version: usize,
    /// The index in `versions` of the version in which events leave.
    pub(crate) target_version: usize,
    /// Oldest first; at least one.
    pub(crate) versions: Vec<KnownVersion>,
    /// `paths[from][to]`.
    pub(crate) paths: Vec<Vec<Option<MigrationPath>>>,
    /// The events that follow from one of this type.
    pub(crate) emits: Vec<Emits>,
    /// What a new event of this type states; empty until one is made.
    pub(crate) new_names: OnceLock<NewNames>,
}

/// The type and the version that a new event states.
#[derive(Debug)]
pub(crate) struct NewNames {
    /// The type.
    pub(crate) name: String,
    /// The version, where it is a member.
    pub(crate) version: Option<Value>,
}

/// One version of an event type, ready for use.
#[derive(Debug)]
pub(crate) struct KnownVersion {
    pub(crate) name: String,
    pub(crate) schema: Schema,
}

impl KnownType {
    /// The index of the latest version.
    pub(crate) fn latest(&self) -> usize {
        self.versions.len() - 1
    }

    /// The index of a version in `versions`.
    pub(crate) fn version_at(&self, version: &str) -> Option<usize> {
        self.versions.iter().position(|known| known.name == version)
    }

    /// The versions as text, such as `1.0, 1.1`.
    pub(crate) fn version_list(&self) -> String {
        let names: Vec<&str> = self.versions.iter().map(|version| version.name.as_str()).collect();
        names.join(", ")
    }
}
