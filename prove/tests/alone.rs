//! Each migration of a type is proved alone: by all valid events, whatever rules, routes and other ways the type has.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tidegate_policy::Bundle;
use tidegate_prove::{ProveError, Settings, prove};

/// A type with some versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    schemas: BTreeMap<String, Value>,
    /// A valid event of some versions, without its id, type and version.
    examples: BTreeMap<String, Map<String, Value>>,
    of_type: Map<String, Value>,
    #[serde(default)]
    shared_rules: Vec<Value>,
    #[serde(default)]
    finds: Option<String>,
    #[serde(default)]
    at: Vec<String>,
}

impl Case {
    fn bundle(&self) -> Bundle {
        let files = self.schemas.iter().map(|(version, schema)| {
            let mut schema = schema.clone();
            if let Some(members) = self.examples.get(version) {
                let mut example = json!({ "id": "i", "type": "t", "v": version });
                example.as_object_mut().expect("an object").extend(members.clone());
                schema["examples"] = json!([example]);
            }
            json!({ "name": format!("{version}.json"), "text": schema.to_string() })
        });
        let other = json!({ "examples": [{ "id": "i", "type": "other" }] });
        let other = json!({ "name": "other.json", "text": other.to_string() });
        let versions: Map<String, Value> = self
            .schemas
            .keys()
            .map(|version| (version.clone(), json!(format!("{version}.json"))))
            .collect();
        let mut of_type = json!({ "channel": "c", "versions": versions, "default_version": "1" });
        of_type.as_object_mut().expect("an object").extend(self.of_type.clone());
        let document = json!({
            "manifest": {
                "name": "p", "version": "1",
                "envelope": { "id": "/id", "type": "/type", "version": "/v" },
                "event_types": { "t": of_type, "other": { "channel": "c", "versions": { "1": "other.json" } } },
                "rules": self.shared_rules,
                "alerts": { "a": ["t", "other"] }
            },
            "files": files.chain([other]).collect::<Vec<_>>()
        });
        Bundle::from_document(&document.to_string()).expect("a bundle")
    }

    /// How the proof is unlike what should come of it.
    fn unlike(&self) -> Option<String> {
        match (prove(&self.bundle(), &Settings::default(), |_| {}), &self.finds) {
            (Ok(proof), None) => proof.incomplete().next().map(|version| format!("{version:?}")),
            (Err(ProveError::Wrong(found)), Some(finds)) => {
                let is_told = found.problem.contains(finds) && found.place == self.at;
                (!is_told).then(|| format!("{found}\n  at: {:?}", found.place))
            }
            (Ok(_), Some(_)) => Some("nothing is found".to_owned()),
            (Err(error), _) => Some(error.to_string()),
        }
    }
}

#[test]
fn each_migration_is_proved_alone() {
    let cases: Vec<Case> = serde_saphyr::from_str(include_str!("alone.yaml")).expect("cases");
    let unlike: Vec<String> = cases
        .iter()
        .filter_map(|case| Some(format!("{}: {}", case.name, case.unlike()?)))
        .collect();
    assert!(unlike.is_empty(), "{}:\n{}", unlike.len(), unlike.join("\n\n"));
}
