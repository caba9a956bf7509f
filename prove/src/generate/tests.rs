//! Everything that is made is valid, says a validator that knows nothing of how it was made; and of nearly every schema, it is made at
//! once.

use std::{
    io::{Write as _, stderr},
    time::Instant,
};

use jsonschema::Draft;
use serde_json::{Map, Value};
use tidegate_policy::File;

use super::{Generator, Schemas};
use crate::random::Random;

/// How many values of each schema.
const VALUES: usize = 300;

fn schemas() -> Map<String, Value> {
    serde_saphyr::from_str(include_str!("../../tests/schemas.yaml")).expect("schemas")
}

/// Values of a schema; `None` where none was found.
fn values(schema: &Value, seed: u64) -> Vec<Option<Value>> {
    let file = File {
        name: "schema.json".into(),
        text: schema.to_string().into(),
    };
    let schemas = Schemas::new(&[file]).expect("schemas");
    let located = [schemas.file("schema.json").expect("a schema")];
    let mut generator = Generator::new(&schemas, Random::new(seed));
    (0..VALUES).map(|_| generator.value(&located)).collect()
}

#[test]
fn what_is_made_is_valid() {
    let all = schemas();
    assert!(all.len() >= 20, "{}", all.len());
    let mut wrong = Vec::new();
    for (name, schema) in &all {
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(schema)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let started = Instant::now();
        let made = values(schema, 1);
        let took = started.elapsed();
        let valid = made.iter().flatten().filter(|value| validator.is_valid(value)).count();
        writeln!(stderr(), "{name:<14} {valid} of {VALUES} in {took:.1?}").expect("written");
        if valid < VALUES * 9 / 10 {
            let problem = made
                .iter()
                .flatten()
                .find_map(|value| Some((value, validator.validate(value).err()?)));
            let shown =
                problem.map(|(value, error)| format!("{} at {}: {value}", error, error.instance_path().as_str()));
            wrong.push(format!(
                "{name}: {valid} of {VALUES} are valid; {}",
                shown.unwrap_or_default()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_seed_makes_the_same() {
    let all = schemas();
    assert_eq!(values(&all["charge"], 7), values(&all["charge"], 7));
    assert_ne!(values(&all["charge"], 7), values(&all["charge"], 8));
}

#[test]
fn optional_members_are_in_and_out_and_others_are_added() {
    let made: Vec<Value> = values(&schemas()["cloudevent"], 1).into_iter().flatten().collect();
    let with = |name: &str| made.iter().filter(|value| value.get(name).is_some()).count();
    assert!((50..250).contains(&with("subject")), "{}", with("subject"));
    assert!(with("x/a~b") > 3, "{}", with("x/a~b"));
    let first_is = |name: &str| {
        made.iter().any(|value| {
            value
                .as_object()
                .and_then(|members| members.keys().next())
                .is_some_and(|first| first == name)
        })
    };
    assert!(first_is("specversion") && first_is("type"));
}

#[test]
fn recursion_ends() {
    fn depth(value: &Value) -> usize {
        match value {
            Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }
    let deepest = values(&schemas()["tree"], 1).iter().flatten().map(depth).max();
    assert!((5..=12).contains(&deepest.unwrap_or(0)), "{deepest:?}");
}
