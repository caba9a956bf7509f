//! Events at random, the same in every run: valid ones with any numbers, names and characters in them, and ones that were
//! damaged; with what native Rust answers.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Value, json};
use tidegate_policy::{Context, Policy};

use crate::{
    mutations::{Random, mutate},
    strategies::event,
};

const NOW: &str = "2026-03-02T17:00:00Z";

/// `count` questions with their answers.
pub(crate) fn lines(count: usize) -> impl Iterator<Item = Value> {
    let mut runner = TestRunner::deterministic();
    let events = event();
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    let mut seen: Vec<Vec<u8>> = Vec::new();
    (0..count).map(move |number| {
        let tree = events.new_tree(&mut runner).expect("a strategy that rejects nothing");
        let mut bytes = tree.current().into_bytes();
        seen.push(bytes.clone());
        if number % 2 == 1 {
            for _ in 0..=random.below(3) {
                mutate(&mut bytes, &seen, &mut random);
            }
        }
        question(number, &bytes, &mut random)
    })
}

fn question(number: usize, bytes: &[u8], random: &mut Random) -> Value {
    let policy = Policy::builtin();
    let mut line = match str::from_utf8(bytes) {
        Ok(text) => json!({ "name": format!("random {number}"), "event": text }),
        Err(_) => json!({ "name": format!("random {number}"), "event_base64": BASE64.encode(bytes) }),
    };
    let (call, answer) = match random.below(4) {
        0 | 1 => ("validate", policy.validate_json(bytes, b"")),
        2 => {
            let to_version = ["1.0", "1.1", "1.1", "2.0"][random.below(4)];
            line["to_version"] = json!(to_version);
            // The text interface accepts no bytes that are not text; the record has the same answer.
            let answer = match (line.get("event"), policy.migrate(bytes, &[], to_version)) {
                (Some(event), _) => policy.migrate_json(
                    json!({ "event": event, "to_version": to_version })
                        .to_string()
                        .as_bytes(),
                    b"",
                ),
                (None, Ok(migrated)) => json!(migrated).to_string(),
                (None, Err(failure)) => {
                    let failure = serde_json::to_string(&failure).expect("JSON");
                    format!(r#"{{"migrated":false,{}"#, failure.trim_start_matches('{'))
                }
            };
            ("migrate", answer)
        }
        _ => {
            let mut context = Context {
                now: NOW.to_owned(),
                target_version: None,
                handed_back: false,
            };
            line["now"] = json!(NOW);
            if random.below(2) == 0 {
                context.target_version = Some("1.0".to_owned());
                line["target_version"] = json!("1.0");
            }
            let decided = policy.process(bytes, &[], &context);
            ("process", serde_json::to_string(&decided).expect("JSON"))
        }
    };
    line["call"] = json!(call);
    line["answer"] = json!(answer);
    line
}
