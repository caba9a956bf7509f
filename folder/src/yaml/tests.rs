//! Documents: their values with digits, the lines of what is wrong, and their bounds.

use serde_json::{Value, json};

use super::read;

fn value(text: &str) -> Value {
    read(text)
        .expect("a document")
        .root
        .map_or(Value::Null, |root| root.value())
}

#[test]
fn yaml_and_json_are_values_with_their_digits() {
    for (text, expected) in [
        ("a: 24.90", r#"{"a":24.90}"#),
        ("[-0, 9007199254740993, 1.10, 1E5]", "[-0,9007199254740993,1.10,1E5]"),
        (
            r#"{"b": "1", "a": [true, null, {}]}"#,
            r#"{"b":"1","a":[true,null,{}]}"#,
        ),
        (
            "b: ~\na: 2026-03-01T09:30:00Z\n",
            r#"{"b":null,"a":"2026-03-01T09:30:00Z"}"#,
        ),
        ("a: |\n  one\n  two\n", r#"{"a":"one\ntwo\n"}"#),
        ("- &x { a: 1 }\n- *x\n", r#"[{"a":1},{"a":1}]"#),
        ("version: 1.4.0\nno: no\n", r#"{"version":"1.4.0","no":"no"}"#),
        ("# nothing\n", "null"),
    ] {
        assert_eq!(value(text).to_string(), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (text, line, part) in [
        ("a: 1\na: 2\n", 2, "there twice"),
        ("a: 0x1F\n", 1, "not in JSON"),
        ("a:\n  - +1\n", 2, "not in JSON"),
        ("a: .inf\n", 1, "not in JSON"),
        ("a: 007\n", 1, "not in JSON"),
        ("a: 1\n---\nb: 2\n", 3, "a second document"),
        ("a: !x 1\n", 1, "tags"),
        ("a: !x [1]\n", 1, "tags"),
        ("a: &x { b: 1 }\nc:\n  <<: *x\n", 3, "merges nothing"),
        ("a: &x [*x]\n", 1, "inside of what it repeats"),
        ("? [a]\n: 1\n", 1, "name of a member"),
        ("a: [1\nb: 2\n", 2, ""),
        (&format!("a:\n  {}", "[".repeat(100_000)), 2, "recursion limit"),
        (&format!("a:\n  {}1", "- ".repeat(10_000)), 2, "recursion limit"),
    ] {
        let bad = read(text).expect_err(text);
        assert!(
            bad.line == line && bad.what.contains(part),
            "{}: {bad}",
            &text[..text.len().min(40)]
        );
    }
    let (open, close) = ("[".repeat(100), "]".repeat(100));
    let deep: Vec<String> = (1..9)
        .map(|at| format!("a{at}: &a{at} {open}*a{}{close}\n", at - 1))
        .collect();
    let bad = read(&format!("a0: &a0 1\n{}", deep.concat())).expect_err("too deep");
    assert!(bad.line == 4 && bad.what.contains("nested deeper than 300"), "{bad}");
    let laughs: Vec<String> = (1..30)
        .map(|at| format!("a{at}: &a{at} [*a{}, *a{}]\n", at - 1, at - 1))
        .collect();
    let bad = read(&format!("a0: &a0 [1]\n{}", laughs.concat())).expect_err("too many");
    assert!(bad.what.contains("values"), "{bad}");
}

#[test]
fn a_value_knows_its_line_and_its_text() {
    let text = "- name: one # first\n  expect:\n    list:\n      - { a: 1 }\n- name: two\n";
    let root = read(text).expect("a document").root.expect("a value");
    let nearest = |names: &[&str]| root.nearest(names.iter().copied());
    assert_eq!(nearest(&["0", "expect", "list", "0", "a"]).line, 4);
    assert_eq!(nearest(&["0", "expect", "list", "7"]).line, 4, "the last on the way");
    assert_eq!(nearest(&["1", "name"]).line, 5);
    assert_eq!(&text[nearest(&["0", "expect"]).span.clone()], "list:\n      - { a: 1 }");
    assert_eq!(
        nearest(&["0"]).value(),
        json!({ "name": "one", "expect": { "list": [{ "a": 1 }] } })
    );
}
