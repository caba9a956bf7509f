//! The bundle that is proved, and what of it one event type needs: so that a type is as fast to prove among a thousand as alone.
//! Knows no event.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use serde_json::Value;
use tidegate_folder::references;
use tidegate_policy::{
    Bundle, Channels, EventType, ExpressionRule, File, Manifest, Migration, PolicyError, RuleOf, RuleVersions,
    migrations_of, rules_of,
};

/// A bundle.
#[derive(Debug)]
pub(crate) struct Whole<'b> {
    pub(crate) bundle: &'b Bundle,
    /// What the manifest says of all types.
    general: Manifest,
    /// The files by their names, each with the names of those that it refers to.
    files: HashMap<&'b str, (&'b File, Vec<String>)>,
    /// Whether a file has a name of its own, by which others may refer to it.
    has_ids: bool,
}

impl<'b> Whole<'b> {
    pub(crate) fn new(bundle: &'b Bundle) -> Self {
        let mut has_ids = false;
        let files = bundle.files.iter().map(|file| {
            let schema: Value = serde_json::from_str(&file.text).unwrap_or_default();
            has_ids |= names_itself(&schema);
            (&*file.name, (file, references(&schema, &file.name)))
        });
        let files = files.collect();
        Self {
            bundle,
            general: Manifest {
                event_types: IndexMap::new(),
                migrations: Vec::new(),
                rules: Vec::new(),
                alerts: IndexMap::new(),
                ..bundle.manifest.clone()
            },
            files,
            has_ids,
        }
    }

    pub(crate) fn file(&self, name: &str) -> Option<&'b File> {
        self.files.get(name).map(|(file, _)| *file)
    }

    /// A type, of which no event must be migrated to be judged: a wrong migration would make events invalid instead of being found.
    /// Nothing follows from one of its events.
    pub(crate) fn alone(&self, name: &str, known: &EventType) -> Result<EventType, PolicyError> {
        let latest = known.versions.keys().next_back();
        let of_latest = || Some(RuleVersions::These(vec![latest?.clone()]));
        let rule = |RuleOf { rule, .. }: &RuleOf<'_>| ExpressionRule {
            versions: rule.versions.clone().or_else(of_latest),
            ..ExpressionRule::clone(rule)
        };
        let manifest = &self.bundle.manifest;
        let migrations = migrations_of(manifest, name)?;
        Ok(EventType {
            rules: rules_of(manifest, name, known).iter().map(rule).collect(),
            migrations: migrations.iter().map(|migration| Migration::clone(migration)).collect(),
            channel: Some(Channels::one("c")),
            drop: Vec::new(),
            emits: Vec::new(),
            ..known.clone()
        })
    }

    /// A bundle of some types.
    pub(crate) fn with_only<'t>(&self, types: impl IntoIterator<Item = (&'t str, EventType)>) -> Bundle {
        let types = types
            .into_iter()
            .map(|(name, event_type)| (name.to_owned(), event_type));
        let event_types: IndexMap<String, EventType> = types.collect();
        Bundle {
            files: self.files_of(event_types.values()),
            manifest: Manifest {
                event_types,
                ..self.general.clone()
            },
        }
    }

    /// The schemas of types, and those that they refer to.
    fn files_of<'t>(&self, types: impl Iterator<Item = &'t EventType>) -> Vec<File> {
        if self.has_ids {
            return self.bundle.files.clone();
        }
        let mut wanted: Vec<&str> = types
            .flat_map(|known| known.versions.values())
            .map(String::as_str)
            .collect();
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        while let Some(name) = wanted.pop() {
            if let Some((file, references)) = self.files.get(name)
                && seen.insert(name)
            {
                found.push(File::clone(file));
                wanted.extend(references.iter().map(String::as_str));
            }
        }
        found
    }
}

/// Whether there is an `$id` in a schema.
fn names_itself(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.contains_key("$id") || members.values().any(names_itself),
        Value::Array(items) => items.iter().any(names_itself),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tidegate_policy::Bundle;

    use super::Whole;

    /// The files of type `a`, of a bundle in which `a.json` has this schema.
    fn files(schema: &serde_json::Value) -> Vec<String> {
        let file = |name: &str, text: String| json!({ "name": name, "text": text });
        let document = json!({
            "manifest": {
                "name": "p", "version": "1", "envelope": { "id": "/id", "type": "/type" },
                "event_types": { "a": { "versions": { "1": "x/a.json" } }, "b": { "versions": { "1": "x/b.json" } } },
                "alerts": { "ops": ["b"] }
            },
            "files": [
                file("x/a.json", schema.to_string()),
                file("x/b.json", json!({ "$ref": "a.json" }).to_string()),
                file("common.json", json!({ "$ref": "more.json#/$defs/x" }).to_string()),
                file("more.json", json!({ "$defs": { "x": { "$ref": "common.json" } } }).to_string())
            ]
        });
        let bundle = Bundle::from_document(&document.to_string()).expect("a bundle");
        let whole = Whole::new(&bundle);
        let alone = whole.with_only([("a", bundle.manifest.event_types["a"].clone())]);
        assert_eq!(alone.manifest.event_types.len(), 1);
        let mut names: Vec<String> = alone.files.into_iter().map(|file| file.name.into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_type_has_its_own_schemas_and_those_that_they_refer_to() {
        assert_eq!(files(&json!({})), ["x/a.json"]);
        assert_eq!(
            files(&json!({ "$ref": "../common.json" })),
            ["common.json", "more.json", "x/a.json"]
        );
    }

    #[test]
    fn a_schema_with_a_name_of_its_own_may_be_meant_by_any_reference() {
        let all = ["common.json", "more.json", "x/a.json", "x/b.json"];
        assert_eq!(
            files(&json!({ "$defs": { "x": { "$id": "https://example.com/x" } } })),
            all
        );
    }
}
