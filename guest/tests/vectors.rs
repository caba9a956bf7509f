//! The golden vectors through native Rust. `UPDATE_VECTORS=1` writes the answers into the files; read them before you
//! commit them, since they are the specification.

#[path = "support/ask.rs"]
mod ask;

use std::fs;
use std::path::Path;

use ask::{answer, files};
use serde_json::Value;
use tidegate_policy::Policy;

#[test]
fn the_builtin_policy_answers_every_vector() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let update = std::env::var_os("UPDATE_VECTORS").is_some();
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files(&folder) {
        let text = fs::read_to_string(&file).expect("a readable file");
        let mut cases: Vec<Value> = serde_json::from_str(&text).expect("an array of cases");
        for case in &mut cases {
            count += 1;
            let answer = answer(Policy::builtin(), case);
            let (expected, got) = (case["expect"].to_string(), answer.to_string());
            if update {
                case["expect"] = answer;
            } else if expected != got {
                wrong.push(format!(
                    "{}: {}\n  expected {expected}\n  got      {got}",
                    file.display(),
                    case["name"]
                ));
            }
        }
        if update {
            let text = serde_json::to_string_pretty(&cases).expect("JSON");
            fs::write(&file, text + "\n").expect("a writable file");
        }
    }
    assert!(count > 380, "only {count} vectors found");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
