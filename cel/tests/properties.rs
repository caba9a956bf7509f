//! What holds for all numbers, expressions and documents.

use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_cel::{Budget, EvalError, Expression};

fn holds(expression: &str, event: &Value) -> Result<bool, EvalError> {
    let expression = Expression::parse(expression, &["event"]).unwrap_or_else(|error| panic!("{expression}: {error}"));
    expression.evaluate(&[event], &mut Budget::default())
}

/// The text of a number of JSON.
fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?"
}

/// The same number, written otherwise.
fn rewritten(number: &str) -> String {
    let (plain, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let plain = if plain.contains('.') {
        format!("{plain}00")
    } else {
        format!("{plain}.0")
    };
    format!("{plain}E{exponent}")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Expressions of the grammar, right and wrong ones.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "event",
        "event.a",
        "event.b",
        "event.c[0]",
        "x",
        "1",
        "0",
        "-3",
        "'a'",
        "''",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        "decimal('0.1')",
        "timestamp('2026-03-01T09:30:00Z')",
        "duration('1h')",
        "event.huge",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(6, 64, 3, |inner| {
        let operator = prop::sample::select(vec![
            "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "&&", "||",
        ]);
        let macros = prop::sample::select(vec!["all", "exists", "exists_one", "filter", "map"]);
        let functions = prop::sample::select(vec![
            "size",
            "int",
            "decimal",
            "string",
            "timestamp",
            "duration",
            "dyn",
            "has",
        ]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(one, operator, other)| format!("({one} {operator} {other})")),
            (inner.clone(), macros, inner.clone()).prop_map(|(of, name, body)| format!("{of}.{name}(x, {body})")),
            (functions, inner.clone()).prop_map(|(name, of)| format!("{name}({of})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(of, key)| format!("{of}[{key}]")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("[{one}, {other}]")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{{{one}: {other}}}")),
            inner.prop_map(|of| format!("{of}.matches('a+b?')")),
        ]
    })
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number().prop_map(|text| json(&text)),
        "[a-c]{0,3}".prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec(("[a-c]", inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn numbers_have_one_order(one in number(), other in number()) {
        let event = json!({ "a": json(&one), "b": json(&other) });
        let is = |expression: &str| holds(expression, &event).expect("an answer");
        let orders = [is("event.a < event.b"), is("event.a == event.b"), is("event.a > event.b")];
        prop_assert_eq!(orders.iter().filter(|holds| **holds).count(), 1);
        prop_assert_eq!(orders, [is("event.b > event.a"), is("event.b == event.a"), is("event.b < event.a")]);
        prop_assert_eq!(is("event.a <= event.b"), !orders[2]);
        prop_assert_eq!(is("-event.a < -event.b"), orders[2]);
    }

    #[test]
    fn a_number_is_itself_however_it_is_written(one in number()) {
        let event = json!({ "a": json(&one), "b": json(&rewritten(&one)), "text": one });
        for expression in [
            "event.a == event.b",
            "decimal(event.text) == event.a",
            "decimal(string(event.a)) == event.a",
            "event.a - event.b == 0",
            "event.a * 2 == event.a + event.b",
        ] {
            prop_assert_eq!(holds(expression, &event), Ok(true), "{}", expression);
        }
    }

    #[test]
    fn division_and_remainder_give_the_number_back(one in "-?(0|[1-9][0-9]{0,60})", other in "-?[1-9][0-9]{0,30}") {
        let event = json!({ "a": json(&one), "b": json(&other) });
        let expression = "int(event.a) / int(event.b) * event.b + int(event.a) % int(event.b) == event.a";
        prop_assert_eq!(holds(expression, &event), Ok(true));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(\\PC|[-+*/%()\\[\\]{}.,?:<>=!&|'\"a-z0-9 ]){0,80}") {
        let _ = Expression::parse(&text, &["event"]);
    }

    #[test]
    fn no_document_makes_an_expression_panic(text in expression(), a in document(), b in document()) {
        if let Ok(expression) = Expression::parse(&text, &["event"]) {
            let event = json!({ "a": a, "b": b, "c": [a], "huge": json("1E999999999") });
            let first = expression.evaluate(&[&event], &mut Budget::default());
            prop_assert_eq!(first, expression.evaluate(&[&event], &mut Budget::default()));
        }
    }

    #[test]
    fn a_disjunction_is_the_same_in_either_order(one in expression(), other in expression(), a in document(), b in document()) {
        let event = json!({ "a": a, "b": b, "c": [a], "huge": 1 });
        for operator in ["&&", "||", "=="] {
            let orders = [format!("({one}) {operator} ({other})"), format!("({other}) {operator} ({one})")];
            let [Ok(first), Ok(second)] = orders.map(|text| Expression::parse(&text, &["event"])) else { continue };
            let [first, second] = [first, second].map(|one| one.evaluate(&[&event], &mut Budget::default()).ok());
            prop_assert_eq!(first, second);
        }
    }
}
