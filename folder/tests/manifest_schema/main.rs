//! The JSON Schema of a manifest says what the parser says: it takes each right manifest, and knows the same keys.

mod keys;

use std::{fs, path::Path};

use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_folder::MANIFEST_SCHEMA;
use tidegate_policy::Manifest;

const FULL: &str = include_str!("full.yaml");

fn schema() -> Value {
    serde_json::from_str(MANIFEST_SCHEMA).expect("JSON")
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).expect("a schema")
}

/// A manifest as an editor sees it, where `on` and `n` are no booleans; `None`: it is no YAML.
fn read(text: &str) -> Option<Value> {
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true }).ok()
}

/// What the schema says of a manifest; empty: nothing.
fn said(text: &str) -> String {
    let value = read(text).expect("YAML");
    let errors: Vec<String> = validator()
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    errors.join("\n")
}

fn repository() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn right_manifests_are_taken() {
    let text = |path: &str| fs::read_to_string(repository().join(path)).expect("readable");
    let mut manifests: Vec<(String, String)> = ["examples/orders/policy.yaml", "schemas/policy.json"]
        .map(|path| (path.to_owned(), text(path)))
        .into();
    let starter = "host/cli/src/cli/new/starter/policy.yaml";
    manifests.push((starter.to_owned(), text(starter).replace("{name}", "shop")));
    for page in ["docs/plain-files.md", "docs/rules.md"] {
        let page_text = text(page);
        let mut blocks = page_text.split("```yaml policy.yaml\n").skip(1);
        let block = blocks.next().and_then(|rest| rest.split("```").next());
        manifests.push((page.to_owned(), block.expect("a manifest").to_owned()));
    }
    manifests.push(("full.yaml".to_owned(), FULL.to_owned()));
    for (name, manifest) in manifests {
        assert_eq!(said(&manifest), "", "{name}");
        serde_saphyr::from_str::<Manifest>(&manifest).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn an_editor_finds_the_schema_of_the_example() {
    let folder = repository().join("examples/orders");
    let text = fs::read_to_string(folder.join("policy.yaml")).expect("readable");
    let first = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
    let named = fs::read_to_string(folder.join(first.expect("the name of a schema"))).expect("readable");
    assert_eq!(named, MANIFEST_SCHEMA);
}

/// A mistake of `wrong-folders.yaml`.
#[derive(Debug, Deserialize)]
struct Mistake {
    name: String,
    file: String,
    from: String,
    to: String,
}

#[test]
fn what_the_parser_refuses_the_schema_refuses() {
    // A bound that no pattern tells, and a key that YAML reads as one of two.
    const BEYOND: [&str; 3] = ["a delay that is none", "a delay that is too short", "two documents"];
    let base = include_str!("../wrong-folders.base.yaml");
    let mistakes: Vec<Mistake> = serde_saphyr::from_str(include_str!("../wrong-folders.yaml")).expect("mistakes");
    assert_eq!(said(base), "");
    let mut refused = 0;
    for Mistake { name, file, from, to } in mistakes {
        let manifest = base.replacen(&from, &to, 1);
        let is_of_parser = serde_saphyr::from_str::<Manifest>(&manifest).is_err();
        if file != "policy.yaml" || BEYOND.contains(&&*name) || !is_of_parser || read(&manifest).is_none() {
            continue;
        }
        assert_ne!(said(&manifest), "", "{name}");
        refused += 1;
    }
    assert!(refused >= 9, "{refused}");
}

#[test]
fn the_schema_and_the_parser_know_the_same_keys() {
    let full = read(FULL).expect("YAML");
    // A place has one form at a time.
    let mut other = full.clone();
    other["envelope"]["version"] = json!({ "end_of": "type" });
    assert_eq!(keys::compare(&schema(), &[full, other]), "");
}

#[test]
fn each_key_is_described() {
    fn undescribed(schema: &Value, at: &str, found: &mut Vec<String>) {
        for (name, inner) in schema.as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            if name == "properties" && !at.ends_with("/oneOf/properties") {
                for (key, of) in inner.as_object().into_iter().flatten() {
                    let is_condition = of.get("const").is_some() || *of == Value::Bool(false);
                    if of.get("description").is_none() && of.get("$ref").is_none() && !is_condition {
                        found.push(format!("{at}/{key}"));
                    }
                }
            }
            undescribed(inner, &at, found);
        }
        for item in schema.as_array().into_iter().flatten() {
            undescribed(item, at, found);
        }
    }
    let mut found = Vec::new();
    undescribed(&schema(), "", &mut found);
    assert_eq!(found, [] as [String; 0]);
}
