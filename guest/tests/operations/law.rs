//! The law of migrations that lose nothing, for any operations and any event.

use proptest::prelude::*;
use serde_json::Value;
use tidegate_policy::read_exact;

use crate::support::{event, migrate, policy};

/// Few names, so that operations and events meet.
const NAMES: [&str; 4] = ["a", "b", "a/b~c", "d"];

/// Digits that a reader likes to rewrite, and values that operations look for.
const VALUES: [&str; 10] = [
    "1E5",
    "-0",
    "1.10",
    "1234567890123456789012345678901234567890",
    "[]",
    "{}",
    "null",
    "\"1.10\"",
    "\"open\"",
    "true",
];

/// The reasons that an operation has to refuse an event.
const REASONS: [&str; 10] = [
    "member-exists",
    "member-absent",
    "value-differs",
    "no-object",
    "not-an-object",
    "not-an-array",
    "not-a-string",
    "unmapped",
    "not-alone",
    "not-convertible",
];

fn value() -> impl Strategy<Value = String> {
    prop::sample::select(&VALUES[..]).prop_map(str::to_owned)
}

/// Members of an object, in any order.
fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let order = Just(NAMES.to_vec()).prop_shuffle();
    (order, prop::collection::vec(value, 0..=NAMES.len())).prop_map(|(names, values)| {
        let members = names.into_iter().zip(values);
        let members: Vec<String> = members.map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// An object with objects and arrays of objects in it, and members that no operation names.
fn document() -> impl Strategy<Value = String> {
    let inner = prop_oneof![2 => value(), 1 => members(value())];
    let items = prop::collection::vec(members(value()), 0..3).prop_map(|items| format!("[{}]", items.join(",")));
    let outer = prop_oneof![2 => value(), 2 => members(inner), 1 => items];
    members(outer).prop_map(|members| match &members[1..] {
        "}" => r#"{"y":1.0,"z":[]}"#.to_owned(),
        rest => format!(r#"{{"y":1.0,"z":[],{rest}"#),
    })
}

fn place() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(&["a", "b", "a~1b~0c", "d"][..]);
    prop_oneof![
        name().prop_map(|name| format!("/{name}")),
        (name(), name()).prop_map(|(outer, inner)| format!("/{outer}/{inner}")),
    ]
}

/// Operations without those that may lose something.
fn operation() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (place(), value())
            .prop_map(|(at, value)| format!(r#"{{"add":{{"at":"{at}","value":{value},"otherwise":"reject"}}}}"#)),
        (place(), value())
            .prop_map(|(at, value)| format!(r#"{{"remove":{{"at":"{at}","value":{value},"otherwise":"reject"}}}}"#)),
        (place(), place()).prop_map(|(from, to)| format!(r#"{{"rename":{{"from":"{from}","to":"{to}"}}}}"#)),
        (place(), place()).prop_map(|(from, to)| format!(r#"{{"move":{{"from":"{from}","to":"{to}"}}}}"#)),
        (place(), value(), value())
            .prop_map(|(at, from, to)| format!(r#"{{"set":{{"at":"{at}","from":{from},"to":{to}}}}}"#)),
        place().prop_map(|at| format!(r#"{{"map":{{"at":"{at}","values":{{"open":"1.10"}},"others":"keep"}}}}"#)),
        place().prop_map(|at| format!(r#"{{"convert":{{"at":"{at}","from":"number","to":"decimal-string"}}}}"#)),
        place().prop_map(|at| format!(r#"{{"convert":{{"at":"{at}","from":"integer-string","to":"integer"}}}}"#)),
        place().prop_map(|at| format!(r#"{{"wrap":{{"at":"{at}","name":"a"}}}}"#)),
        place().prop_map(|at| format!(r#"{{"unwrap":{{"at":"{at}","name":"a"}}}}"#)),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        let within = (
            prop::sample::select(&["each", "nested"][..]),
            place(),
            prop::collection::vec(inner, 1..3),
        );
        within.prop_map(|(kind, at, operations)| {
            format!(r#"{{"{kind}":{{"at":"{at}","do":[{}]}}}}"#, operations.join(","))
        })
    })
}

fn operations() -> impl Strategy<Value = String> {
    let operations = prop::collection::vec(operation(), 1..4).prop_map(|all| format!("[{}]", all.join(",")));
    operations.prop_filter("operations that make sense", |operations| policy(operations).is_ok())
}

/// The members that no operation names, in their order.
fn unnamed(text: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(members)) = read_exact(text) else {
        panic!("no object: {text}")
    };
    let named = |(name, value): (String, Value)| (!NAMES.contains(&&*name)).then(|| (name, value.to_string()));
    members.into_iter().filter_map(named).collect()
}

/// A value with its members sorted: the order of members that operations name is theirs.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// The members and values of an event, digits as they are written.
fn content(text: &str) -> String {
    sorted(read_exact(text).expect("JSON")).to_string()
}

fn is_named(refused: &str) -> bool {
    REASONS.iter().any(|reason| refused.ends_with(&format!(" {reason}")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_up_comes_back(operations in operations(), members in document()) {
        let policy = policy(&operations).expect("a policy");
        let older = event(1, &members);
        match migrate(&policy, &older, 2) {
            Err(refused) => prop_assert!(is_named(&refused), "{}", refused),
            Ok(newer) => {
                let back = migrate(&policy, &newer, 1).map_err(TestCaseError::fail)?;
                prop_assert_eq!(content(&back), content(&older));
                prop_assert_eq!(unnamed(&back), unnamed(&older));
                let value = read_exact(&newer).expect("JSON");
                prop_assert_eq!(value.to_string(), newer, "it is compact");
            }
        }
    }

    #[test]
    fn what_is_born_newer_comes_up_again_or_is_refused(operations in operations(), members in document()) {
        let policy = policy(&operations).expect("a policy");
        let newer = event(2, &members);
        match migrate(&policy, &newer, 1) {
            Err(refused) => prop_assert!(is_named(&refused), "{}", refused),
            Ok(older) => {
                let again = migrate(&policy, &older, 2).map_err(TestCaseError::fail)?;
                prop_assert_eq!(content(&again), content(&newer));
                prop_assert_eq!(unnamed(&again), unnamed(&newer));
            }
        }
    }
}
