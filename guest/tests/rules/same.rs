//! The same event gives the same bytes: in another process, by a policy that has just been made, and after any number of others.

use std::env;
use std::process::Command;

use serde_json::json;
use tidegate_policy::{Attribute, Context, Policy};

use super::support::policy;

const EVENTS: usize = 10_000;

/// Set in the other process, which prints its answers.
const PRINT: &str = "TIDEGATE_PRINT_ANSWERS";

fn made() -> Policy {
    policy(&json!({
        "rules": [
            { "id": "total", "expr": "decimal(event.total) * 3 >= decimal('0.3')", "message": "too little", "at": "/total" },
            { "id": "names", "expr": "!has(event.order) || event.order.map(name, name).filter(name, name.matches('^[a-m]')).size() < 3", "message": "names" },
            { "id": "pairs", "expr": "!has(event.order) || event.items.all(a, event.items.exists(b, a + b > 0))", "message": "pairs" },
        ],
        "drop": [{ "id": "tenant", "when": "has(attributes.tenant) && attributes.tenant.endsWith('7')" }],
        "channel": [{ "when": "int(event.total) % 2 == 0", "to": ["even", "all"] }, { "to": "orders" }],
    }))
    .expect("a policy")
}

/// Events with numbers of many digits, objects of many orders, and errors.
fn event(number: usize) -> (String, Vec<Attribute>) {
    let mut state = (number as u64).wrapping_mul(6_364_136_223_846_793_005) ^ 1_442_695_040_888_963_407;
    let mut next = |below: u64| {
        state ^= state >> 29;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 32;
        state % below
    };
    let total = match next(4) {
        0 => format!("{}.{}", next(90), next(1_000_000_000)),
        1 => format!("{}E{}", next(9) + 1, next(40)),
        2 => format!("9007199254740993{}", next(10)),
        _ => next(50).to_string(),
    };
    let names: Vec<_> = (0..next(6))
        .map(|at| format!(r#""{}{at}":{at}"#, char::from(b'a' + next(26) as u8)))
        .collect();
    let items: Vec<_> = (0..next(30)).map(|_| (next(9) as i64 - 3).to_string()).collect();
    let text = format!(
        r#"{{"id":"e-{number}","type":"order","total":{total},"order":{{{}}},"lines":[{}]}}"#,
        names.join(","),
        items.join(",")
    );
    let attribute = Attribute {
        name: "tenant".to_owned(),
        value: next(100).to_string(),
    };
    (text, vec![attribute])
}

fn answer(policy: &Policy, number: usize) -> String {
    let (event, attributes) = event(number);
    let context = Context {
        now: "2026-03-01T09:30:00Z".to_owned(),
        target_version: None,
        handed_back: false,
    };
    format!("{number} {:?}", policy.process(event.as_bytes(), &attributes, &context))
}

#[test]
fn the_same_event_gives_the_same_bytes() {
    let reused = made();
    let answers: Vec<_> = (0..EVENTS).map(|number| answer(&reused, number)).collect();
    if env::var_os(PRINT).is_some() {
        println!("{}", answers.join("\n"));
        return;
    }
    for kind in ["Forward", "Drop", "Reject", "rule-error"] {
        assert!(
            answers.iter().any(|answer| answer.contains(kind)),
            "no event gives {kind}"
        );
    }
    for reuse in [1, 10, 1000] {
        for (chunk, expected) in answers.chunks(reuse).enumerate().take(300) {
            let fresh = made();
            for (at, expected) in expected.iter().enumerate() {
                assert_eq!(&answer(&fresh, chunk * reuse + at), expected, "after {at} others");
            }
        }
    }
    let other = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "same::the_same_event_gives_the_same_bytes", "--nocapture"])
        .env(PRINT, "1")
        .output()
        .expect("another process");
    let printed = String::from_utf8(other.stdout).expect("text");
    assert!(
        printed.contains(&answers.join("\n")),
        "another process answers otherwise"
    );
}
