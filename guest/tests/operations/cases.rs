//! The cases of each operation: `add.json` and so on.
//!
//! A case is `both: [older, newer]`, which leads up and down to the same texts, or one way: `up` or `down`, with what comes out (`to`)
//! or the place and the name of the reason (`refused`).

use std::fs;
use std::path::Path;

use rstest::rstest;
use serde_json::Value;
use tidegate_policy::read_exact;

use crate::support::{event, migrate, policy};

/// What a reader likes to rewrite; each operation has a case with each.
const DIGITS_AND_NAMES: [&str; 6] = [
    "1E5",
    "-0",
    "1.10",
    "1234567890123456789012345678901234567890",
    "a/b~c",
    "[]",
];

#[rstest]
fn each_operation_keeps_its_cases(
    #[values(
        "add", "remove", "rename", "move", "set", "map", "convert", "wrap", "unwrap", "each", "nested"
    )]
    operation: &str,
) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/operations/{operation}.json"));
    let text = fs::read_to_string(&file).expect("a readable file");
    for needed in DIGITS_AND_NAMES.into_iter().chain(["absent", "target there"]) {
        assert!(text.contains(needed), "{operation} has no case with {needed}");
    }
    let groups = read_exact(&text).expect("JSON");
    let groups = groups.as_array().expect("a list");
    for group in groups {
        check(group);
    }
}

fn check(group: &Value) {
    let operations = group["do"].to_string();
    let policy = policy(&operations).expect("a policy");
    for case in group["cases"].as_array().expect("cases") {
        let leads = |from: u8, given: &Value, to: u8, expected: &Value| {
            let came = migrate(&policy, &event(from, &given.to_string()), to);
            let expected = Ok(event(to, &expected.to_string()));
            assert_eq!(came, expected, "{operations}: {}: to {to}", case["name"]);
        };
        if let Some([older, newer]) = case["both"].as_array().map(Vec::as_slice) {
            leads(1, older, 2, newer);
            leads(2, newer, 1, older);
            continue;
        }
        let (from, given, to) = match (&case["up"], &case["down"]) {
            (Value::Null, newer) => (2, newer, 1),
            (older, _) => (1, older, 2),
        };
        match case["refused"].as_str() {
            None => leads(from, given, to, &case["to"]),
            Some(reason) => {
                let refused = migrate(&policy, &event(from, &given.to_string()), to);
                assert_eq!(refused, Err(reason.to_owned()), "{operations}: {}", case["name"]);
            }
        }
    }
}
