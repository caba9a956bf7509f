//! Wrong migrations are found, each by a small event and soon; right ones are proved.

use std::{
    io::{Write as _, stderr},
    path::Path,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_policy::Bundle;
use tidegate_prove::{Counterexample, ProveError, ProveFolderError, Proved, Settings, prove, prove_folder};

/// A migration between two versions of a type.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    older: Value,
    newer: Value,
    #[serde(rename = "do")]
    operations: Value,
    otherwise: Option<String>,
    /// A valid event of each version, without its id, type and version.
    examples: [Value; 2],
    /// Whether events come with attributes too; their data stands at `/d`.
    #[serde(default)]
    cloudevents: bool,
    #[serde(default)]
    finds: String,
    #[serde(default)]
    at: Vec<usize>,
}

impl Case {
    fn read(text: &str) -> Vec<Self> {
        serde_saphyr::from_str(text).expect("cases")
    }

    fn bundle(&self) -> Bundle {
        let mut migration = json!({ "from": "1", "to": "2", "do": self.operations });
        if let Some(otherwise) = &self.otherwise {
            migration["otherwise"] = json!(otherwise);
        }
        let mut manifest = json!({
            "name": "p", "version": "1",
            "envelope": { "id": "/id", "type": "/type", "version": "/v" },
            "event_types": { "t": {
                "channel": "c", "versions": { "1": "1.json", "2": "2.json" }, "default_version": "1", "migrations": [migration]
            } }
        });
        if self.cloudevents {
            manifest["envelope"]["payload"] = json!("/d");
            manifest["cloudevents"] =
                json!({ "id": "id", "type": "type", "version": "dataversion", "payload": "data" });
        }
        let file = |version: usize, schema: &Value| {
            let mut schema = schema.clone();
            let mut example = json!({ "id": "i", "type": "t", "v": version.to_string() });
            let members = self.examples[version - 1].as_object().expect("members").clone();
            example.as_object_mut().expect("an object").extend(members);
            schema["examples"] = json!([example]);
            json!({ "name": format!("{version}.json"), "text": schema.to_string() })
        };
        let document = json!({ "manifest": manifest, "files": [file(1, &self.older), file(2, &self.newer)] });
        Bundle::from_document(&document.to_string()).expect("a bundle")
    }
}

/// How many members there are, at any depth; objects and arrays that hold some are counted by those.
fn members(value: &Value) -> usize {
    match value {
        Value::Object(inner) if !inner.is_empty() => inner.values().map(members).sum(),
        Value::Array(items) if !items.is_empty() => items.iter().map(members).sum(),
        _ => 1,
    }
}

/// The indices in the place of an operation.
fn operation(found: &Counterexample) -> Vec<usize> {
    let after_do = found.place.windows(2).filter(|pair| pair[0] == "do");
    after_do.map(|pair| pair[1].parse().expect("an index")).collect()
}

#[test]
fn wrong_migrations_are_found() {
    let cases = Case::read(include_str!("wrong-migrations.yaml"));
    assert!(cases.len() >= 30, "{}", cases.len());
    let mut unlike = Vec::new();
    for case in &cases {
        let started = Instant::now();
        let proof = prove(&case.bundle(), &Settings::default(), |_| {});
        let took = started.elapsed();
        match proof {
            Err(ProveError::Wrong(found)) => {
                let small = members(&serde_json::from_str(&found.event).expect("JSON"));
                writeln!(stderr(), "{took:>8.1?}  {small} members  {}", case.name).expect("written");
                let is_told = found.problem.contains(&case.finds) && operation(&found) == case.at;
                if !is_told || small > 5 || took > Duration::from_secs(10) {
                    unlike.push(format!(
                        "{}: {small} members, {took:?}, {:?}\n{found}",
                        case.name,
                        operation(&found)
                    ));
                }
            }
            other => unlike.push(format!("{}: {other:?}", case.name)),
        }
    }
    assert!(
        unlike.is_empty(),
        "{} of {}:\n{}",
        unlike.len(),
        cases.len(),
        unlike.join("\n\n")
    );
}

#[test]
fn right_migrations_are_proved() {
    let mut unlike = Vec::new();
    for case in Case::read(include_str!("right-migrations.yaml")) {
        match prove(&case.bundle(), &Settings::default(), |_| {}) {
            Ok(proof) => {
                let events: Vec<usize> = proof.versions.iter().map(|version| version.events).collect();
                if events != [1000, 1000] {
                    unlike.push(format!("{}: {events:?} events", case.name));
                }
            }
            Err(error) => unlike.push(format!("{}: {:#}", case.name, anyhow::Error::from(error))),
        }
    }
    assert!(unlike.is_empty(), "{}:\n{}", unlike.len(), unlike.join("\n\n"));
}

#[test]
fn the_policies_of_this_repository_are_proved() {
    for (folder, migrations) in [("examples/orders", 1), ("schemas", 7)] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let proof = prove_folder(&root.join(folder), &Settings::default(), |_| {});
        let proof = proof.unwrap_or_else(|error| panic!("{folder}: {error}"));
        assert_eq!(proof.incomplete().collect::<Vec<_>>(), [] as [&Proved; 0]);
        assert_eq!(proof.migrations, migrations, "{folder}");
    }
}

#[test]
fn an_operation_is_named_by_its_file_and_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let manifest = "name: p
version: 1
envelope: { id: /id, type: /type, version: /v }
event_types:
  t:
    versions: { 1: 1.json, 2: 2.json }
    default_version: 1
    migrations:
      - from: 1
        to: 2
        do:
          - rename: { from: /a, to: /b }
";
    std::fs::write(dir.path().join("policy.yaml"), manifest).expect("written");
    for version in ["1", "2"] {
        let example = json!({ "id": "i", "type": "t", "v": version });
        let schema = json!({ "properties": { "a": {}, "b": {} }, "examples": [example] });
        std::fs::write(dir.path().join(format!("{version}.json")), schema.to_string()).expect("written");
    }
    let error = prove_folder(dir.path(), &Settings::default(), |_| {}).expect_err("wrong");
    let expected = format!("{}/policy.yaml: line 12 column 13: t 1: ", dir.path().display());
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[test]
fn a_proof_can_be_stopped() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/orders");
    let settings = Settings::default();
    let stop = settings.stop.clone();
    let proof = prove_folder(&folder, &settings, move |_| stop.store(true, Ordering::Relaxed));
    assert!(
        matches!(proof, Err(ProveFolderError::Prove(ProveError::Stopped))),
        "{proof:?}"
    );
}

#[test]
fn the_same_seed_shows_the_same() {
    let cases = Case::read(include_str!("wrong-migrations.yaml"));
    let show = |seed: u64| {
        let settings = Settings {
            events: 100,
            seed,
            ..Settings::default()
        };
        prove(&cases[4].bundle(), &settings, |_| {}).map_err(|error| error.to_string())
    };
    assert_eq!(show(7).err(), show(7).err());
}
