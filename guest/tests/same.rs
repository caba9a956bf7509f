//! The same event gives the same bytes: in another process, by a policy that has just been made, and after any number of others.
//! `tests/same.rs` asks components too.

#[path = "support/everything.rs"]
mod everything;

use std::env;
use std::io::{Write as _, stdout};
use std::process::Command;

use tidegate_policy::Policy;

const EVENTS: usize = 10_000;

/// Set in the other process, which prints its answers.
const PRINT: &str = "TIDEGATE_PRINT_ANSWERS";

fn made() -> Policy {
    Policy::of_files(&everything::document()).expect("a policy")
}

fn answer(policy: &Policy, number: usize) -> String {
    let (request, attributes) = everything::question(number);
    policy.process_json(request.as_bytes(), attributes.as_bytes())
}

#[test]
fn the_same_event_gives_the_same_bytes() {
    let reused = made();
    let answers: Vec<_> = (0..EVENTS).map(|number| answer(&reused, number)).collect();
    if env::var_os(PRINT).is_some() {
        writeln!(stdout(), "{}", answers.join("\n")).expect("printed");
        return;
    }
    for part in [
        r#""decision":"forward""#,
        r#""decision":"drop","rule":"tenant""#,
        r#""channel":"even""#,
        r#""channel":"orders""#,
        r#""channel":"reviews""#,
        r#""channel":"large""#,
        r#""channel":"repeats""#,
        r#""not_before":"2026"#,
        r#""code":"rule-error""#,
        r#""code":"known-customer""#,
        r#""code":"names""#,
        r#""code":"pairs""#,
        r#""code":"emit-failed""#,
        r#""code":"migration-failed""#,
        r#""name":"dataversion","value":"2""#,
    ] {
        let count = answers.iter().filter(|answer| answer.contains(part)).count();
        assert!(count > 20, "{count} answers have {part}");
    }
    for others in [1, 10, 1000] {
        for (chunk, expected) in answers.chunks(others + 1).enumerate().take(200) {
            let fresh = made();
            for (at, expected) in expected.iter().enumerate() {
                assert_eq!(
                    &answer(&fresh, chunk * (others + 1) + at),
                    expected,
                    "after {at} others"
                );
            }
        }
    }
    let other = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "the_same_event_gives_the_same_bytes", "--nocapture"])
        .env(PRINT, "1")
        .output()
        .expect("another process");
    let printed = String::from_utf8(other.stdout).expect("text");
    assert!(
        printed.contains(&answers.join("\n")),
        "another process answers otherwise"
    );
}
