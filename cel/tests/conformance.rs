//! The language, case by case: `conformance.txt` is the list.

use serde_json::Value;
use tidegate_cel::{Budget, EvalError, Expression};

const EVENT: &str = r#"{
  "name": "Ada", "count": 3, "total": "24.90", "isPaid": true, "nothing": null, "at": "2026-03-01T09:30:00Z",
  "big": 9007199254740993, "bigDouble": 9007199254740992.0, "cents": 1.10, "hundred": 1e2, "minusZero": -0.0,
  "huge": 1E999999999, "tiny": 1E-999999999, "tooHuge": 1E99999999999999999999,
  "fortyDigits": 1234567890123456789012345678901234567890,
  "tags": ["new", "gift"], "lines": [{"sku": "tea", "qty": 3}, {"sku": "pot", "qty": 1}],
  "nested": {"a": {"c": "d"}, "b": [1]}, "order": {"z": 1, "a": 2, "m": 3, "b": 4, "y": 5}, "with-dash": 1, "@odd ~/": 2
}"#;

const ATTRIBUTES: &str = r#"{"tenant": "eu"}"#;

#[test]
fn every_case_gives_what_it_says() {
    let [event, attributes]: [Value; 2] = [EVENT, ATTRIBUTES].map(|text| serde_json::from_str(text).expect("JSON"));
    let cases = cases(include_str!("conformance.txt"));
    assert!(cases.len() >= 250, "{} cases", cases.len());
    let wrong: Vec<_> = cases
        .into_iter()
        .filter_map(|(expression, expected)| {
            let given = answer(&expression, &[&event, &attributes]);
            let is_right = match expected.split_once(": ") {
                Some((kind, part)) => given.starts_with(kind) && given.contains(part),
                None => given == expected,
            };
            (!is_right).then(|| format!("{expression}\n  expected {expected}\n  given    {given}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_answers_are_right_where_those_of_another_crate_are_not() {
    let [event, attributes]: [Value; 2] = [EVENT, ATTRIBUTES].map(|text| serde_json::from_str(text).expect("JSON"));
    for (expression, answers) in cases(include_str!("cel-0.15.txt")) {
        let (right, _) = answers.split_once(" | ").expect("two answers");
        let given = answer(&expression, &[&event, &attributes]);
        assert!(given.starts_with(right), "{expression}: {given}");
    }
}

/// The expressions, which may have several lines, and what each gives.
fn cases(text: &str) -> Vec<(String, String)> {
    let mut cases = Vec::new();
    let mut begun = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        match line.rsplit_once(" => ") {
            Some((expression, expected)) => {
                cases.push((std::mem::take(&mut begun) + expression, expected.to_owned()));
            }
            None => begun.extend([line, "\n"]),
        }
    }
    cases
}

fn answer(expression: &str, values: &[&Value]) -> String {
    match Expression::parse(expression, &["event", "attributes"]) {
        Err(error) => format!("refused: {error}"),
        Ok(parsed) => match parsed.evaluate(values, &mut Budget::default()) {
            Ok(holds) => holds.to_string(),
            Err(EvalError::Cost) => "cost".to_owned(),
            Err(error) => format!("error: {error}"),
        },
    }
}
