//! The smallest event on which the same goes wrong: members and items are left out, and values replaced by simpler ones, for as long
//! as it stays so. Knows no policy.

use serde_json::Value;

use crate::generate::number;

/// The most events that are tried.
const MOST_TRIES: usize = 4_000;

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
}

/// The smallest event for which `fails` holds, as it does for this one.
pub(crate) fn smallest(mut event: Value, fails: impl Fn(&Value) -> bool) -> Value {
    let mut left = MOST_TRIES;
    loop {
        let mut tried = 0;
        let found = smaller(&event)
            .take(left)
            .inspect(|_| tried += 1)
            .find(|smaller| fails(smaller));
        let Some(smaller) = found else { return event };
        left -= tried;
        event = smaller;
    }
}

/// Events that are a little smaller: first those without a member or an item.
fn smaller(event: &Value) -> impl Iterator<Item = Value> {
    let mut places = Vec::new();
    collect(event, &mut Vec::new(), &mut places);
    let without: Vec<_> = places.clone();
    let without = without.into_iter().filter_map(move |place| removed(event, &place));
    let simpler = places.into_iter().flat_map(move |place| {
        let value = find(event, &place).cloned().unwrap_or_default();
        simpler(&value)
            .into_iter()
            .map(move |value| replaced(event, &place, value))
            .collect::<Vec<_>>()
    });
    without.chain(simpler)
}

/// The places of all values inside, the outer ones first.
fn collect(value: &Value, at: &mut Vec<Step>, places: &mut Vec<Vec<Step>>) {
    let mut visit = |step: Step, inner: &Value| {
        at.push(step);
        places.push(at.clone());
        collect(inner, at, places);
        at.pop();
    };
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, inner)| visit(Step::Member(name.clone()), inner)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, inner)| visit(Step::Item(index), inner)),
        _ => {}
    }
}

/// Simpler values than this one, the simplest first.
fn simpler(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(is_true) => is_true.then_some(Value::Bool(false)).into_iter().collect(),
        Value::Number(number) => {
            let mut found: Vec<String> = vec!["0".to_owned(), "1".to_owned()];
            let digits = number.as_str();
            found.extend(digits.strip_prefix('-').map(str::to_owned));
            found.extend(digits.char_indices().skip(1).map(|(at, _)| digits[..at].to_owned()));
            let is_simpler = |text: &str| (text.len(), text) < (digits.len(), digits);
            found.retain(|text| is_simpler(text) && serde_json::from_str::<Value>(text).is_ok());
            found.into_iter().map(number::number).collect()
        }
        Value::String(text) => {
            let length = text.chars().count();
            let cut = |length: usize| text.chars().take(length).collect::<String>();
            let mut found = vec![
                String::new(),
                "a".to_owned(),
                cut(length / 2),
                cut(length.saturating_sub(1)),
            ];
            found.extend((length > 1).then(|| "a".repeat(length)));
            let weight = |text: &str| (text.chars().count(), text.chars().filter(|char| *char != 'a').count());
            found.retain(|shorter| weight(shorter) < weight(text));
            found.into_iter().map(Value::String).collect()
        }
        Value::Array(items) if !items.is_empty() => vec![Value::Array(Vec::new())],
        Value::Object(members) if !members.is_empty() => vec![Value::Object(serde_json::Map::new())],
        Value::Null | Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

fn find<'v>(value: &'v Value, place: &[Step]) -> Option<&'v Value> {
    place.iter().try_fold(value, |value, step| match step {
        Step::Member(name) => value.get(name),
        Step::Item(index) => value.get(index),
    })
}

fn find_mut<'v>(value: &'v mut Value, place: &[Step]) -> Option<&'v mut Value> {
    place.iter().try_fold(value, |value, step| match step {
        Step::Member(name) => value.get_mut(name),
        Step::Item(index) => value.get_mut(index),
    })
}

fn removed(event: &Value, place: &[Step]) -> Option<Value> {
    let mut event = event.clone();
    let (last, around) = place.split_last()?;
    match (last, find_mut(&mut event, around)?) {
        (Step::Member(name), Value::Object(members)) => drop(members.shift_remove(name)),
        (Step::Item(index), Value::Array(items)) => drop(items.remove(*index)),
        _ => return None,
    }
    Some(event)
}

fn replaced(event: &Value, place: &[Step], value: Value) -> Value {
    let mut event = event.clone();
    if let Some(found) = find_mut(&mut event, place) {
        *found = value;
    }
    event
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::smallest;

    #[test]
    fn what_does_not_matter_is_left_out() {
        let event = json!({ "a": { "b": "something", "c": [1, 250, 3] }, "d": null });
        let small = smallest(event, |event| {
            event["a"]["c"].as_array().is_some_and(|items| items.len() > 1)
        });
        assert_eq!(small, json!({ "a": { "c": [0, 0] } }));
        let small = smallest(json!({ "n": 12345, "s": "äbc" }), |event| {
            event["n"].as_i64() > Some(9) && event["s"].as_str().is_some_and(|text| !text.is_empty())
        });
        assert_eq!(small, json!({ "n": 12, "s": "a" }));
    }
}
