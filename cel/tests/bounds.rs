//! What is large, deep or slow ends: at the parser's bounds, or when the budget is spent.

use std::fmt::Write as _;

use rstest::rstest;
use serde_json::{Value, json};
use tidegate_cel::{Budget, EvalError, Expression, MAX_DEPTH, MAX_NODES};

fn event() -> Value {
    let numbers: Vec<u32> = (0..2000).collect();
    let number = |text: &str| serde_json::from_str::<Value>(text).expect("a number");
    json!({
        "numbers": numbers,
        "long": "a".repeat(1 << 20),
        "digits": number(&"7".repeat(1 << 18)),
        "huge": number("1E999999999"),
        "tiny": number("1E-999999999"),
        "map": numbers.iter().map(|number| (number.to_string(), json!(number))).collect::<serde_json::Map<_, _>>(),
    })
}

#[rstest]
#[case::a_quadratic_rule("event.numbers.all(x, event.numbers.exists(y, y == x + 1 || x == 1999))")]
#[case::nested_macros("event.numbers.all(a, event.numbers.all(b, event.numbers.all(c, a + b + c >= 0)))")]
#[case::lists_of_lists("size(event.numbers.map(a, event.numbers.map(b, b))) > 0")]
#[case::a_list_in_a_loop("event.numbers.all(x, size(event.numbers + event.numbers) > 0)")]
#[case::search_in_a_list("event.numbers.all(x, !(-1 in event.numbers))")]
#[case::strings_made_in_a_loop("event.numbers.all(x, size(event.long + event.long) > 0)")]
#[case::strings_compared_in_a_loop("event.numbers.all(x, event.long == event.long)")]
#[case::strings_searched_in_a_loop("event.numbers.all(x, !event.long.contains('b'))")]
#[case::patterns_in_a_loop("event.numbers.all(x, event.long.matches('^a*$'))")]
#[case::a_large_pattern("event.numbers.all(x, !event.long.matches('(a?){100}b'))")]
#[case::the_sum_of_far_exponents("event.huge + 1 > event.huge")]
#[case::the_difference_of_far_exponents("event.tiny - event.huge < 0")]
#[case::the_text_of_a_large_number("size(string(event.huge)) > 0")]
#[case::the_text_of_a_small_number("size(string(event.tiny)) > 0")]
#[case::division_of_a_large_number("int(event.huge) % 7 == 1")]
#[case::squares("event.digits * event.digits > 0")]
#[case::equal_maps("event.numbers.all(x, event.map == event.map)")]
fn a_slow_expression_spends_its_budget(#[case] expression: &str) {
    let parsed = Expression::parse(expression, &["event"]).expect("an expression");
    let mut budget = Budget::default();
    let given = parsed.evaluate(&[&event()], &mut budget);
    assert_eq!(given, Err(EvalError::Cost), "{expression}");
    assert_eq!(budget.left(), 0);
}

#[rstest]
#[case::all("event.numbers.all(x, x >= 0 && x < 2000)")]
#[case::a_long_string("event.long.startsWith('aaa') && size(event.long) == 1048576 && event.long.matches('^a+$')")]
#[case::comparison("event.huge > event.digits && event.tiny < event.digits && event.huge != event.tiny")]
#[case::what_decides_is_enough("true || event.huge + 1 > 0")]
fn what_is_large_and_not_slow_is_answered(#[case] expression: &str) {
    let parsed = Expression::parse(expression, &["event"]).expect("an expression");
    assert_eq!(
        parsed.evaluate(&[&event()], &mut Budget::default()),
        Ok(true),
        "{expression}"
    );
}

#[test]
fn expressions_share_a_budget() {
    let expression = Expression::parse("event.numbers.all(x, x >= 0)", &["event"]).expect("an expression");
    let event = event();
    let mut budget = Budget::new(30_000);
    let answers: Vec<_> = (0..5).map(|_| expression.evaluate(&[&event], &mut budget)).collect();
    assert_eq!(answers[0], Ok(true));
    assert_eq!(answers[4], Err(EvalError::Cost));
}

#[rstest]
#[case::parentheses("(", "true", ")")]
#[case::negations("!", "true", "")]
#[case::lists("[", "1", "][0]")]
#[case::macros("[1].all(x, ", "true", ")")]
#[case::conditions("true ? true : ", "true", "")]
#[case::calls("dyn(", "true", ")")]
#[case::sums("1 + ", "1", "")]
fn what_is_nested_too_deep_is_refused(#[case] open: &str, #[case] inside: &str, #[case] close: &str) {
    for times in [MAX_DEPTH + 1, 100_000] {
        let text = format!("{}{inside}{}", open.repeat(times), close.repeat(times));
        let error = Expression::parse(&text, &["event"]).expect_err("too deep");
        assert!(error.message.contains("nested deeper"), "{error}");
    }
}

#[test]
fn a_long_chain_is_not_deep() {
    for operator in [" && ", " || "] {
        let text = vec!["event.a == 1"; 1000].join(operator);
        let expression = Expression::parse(&text, &["event"]).expect("an expression");
        assert_eq!(
            expression.evaluate(&[&json!({ "a": 1 })], &mut Budget::default()),
            Ok(true)
        );
    }
}

#[test]
fn too_many_parts_are_refused() {
    let mut text = "0 in [0".to_owned();
    for number in 0..MAX_NODES {
        write!(text, ", {number}").expect("memory");
    }
    let error = Expression::parse(&(text + "]"), &["event"]).expect_err("too many parts");
    assert!(error.message.contains("at most 10000 parts"), "{error}");
}

#[rstest]
#[case::repeated("(a{1000}){1000}")]
#[case::classes(r"\pL{1000}")]
fn a_large_pattern_is_refused(#[case] pattern: &str) {
    let error = Expression::parse(&format!("'a'.matches(r'{pattern}')"), &[]).expect_err("too large");
    assert!(error.message.contains("the pattern is too large"), "{error}");
}
