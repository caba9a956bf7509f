//! The tasks policy is a folder of plain files: read as any folder, and without code, it answers the golden vectors as the compiled one does.

#[path = "../../guest/tests/support/ask.rs"]
mod ask;

use std::{fs, path::Path};

use ask::{answer, files};
use serde_json::Value;
use tidegate_policy::{Code, Policy};

#[test]
fn the_tasks_policy_needs_no_code() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let bundle = tidegate_folder::read(&repository.join("schemas")).expect("a folder");
    let policy = Policy::new(&bundle, Code::default()).expect("a policy");
    let mut count = 0;
    for file in files(&repository.join("tests/vectors")) {
        let text = fs::read_to_string(&file).expect("a readable file");
        let cases: Vec<Value> = serde_json::from_str(&text).expect("an array of cases");
        for case in &cases {
            count += 1;
            let (expected, got) = (case["expect"].to_string(), answer(&policy, case).to_string());
            assert_eq!(got, expected, "{}: {}", file.display(), case["name"]);
        }
    }
    assert!(count > 370, "only {count} vectors found");
}
