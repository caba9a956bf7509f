//! Where an answer is not what a case expects. Objects are compared by the members that are expected, lists as a whole, violations in
//! any order, numbers as they are written. Knows no policy and no file.

use serde::Serialize;
use serde_json::Value;
use tidegate_folder::yaml::is_same_text;

use super::answer::{Answer, Migration, Output, Violation};

/// A place in the expectation where the answer says something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// The names on the way from the expectation.
    pub(super) place: Vec<String>,
    /// `None`: nothing should be there.
    pub(super) expected: Option<Value>,
    /// `None`: nothing is there.
    pub(super) actual: Option<Value>,
}

/// All differences, in the order of the answer.
pub(super) fn compare(expected: &Answer, actual: &Answer) -> Vec<Difference> {
    let mut found = Found::default();
    found.part("decision", expected.decision.as_ref(), actual.decision.as_ref());
    for (name, expected, actual) in [
        ("rule", &expected.rule, &actual.rule),
        ("claim", &expected.claim, &actual.claim),
        ("id", &expected.id, &actual.id),
        ("type", &expected.event_type, &actual.event_type),
        ("version", &expected.version, &actual.version),
        ("key", &expected.key, &actual.key),
    ] {
        found.part(name, expected.as_ref(), actual.as_ref());
    }
    found.violations(expected.violations.as_deref(), actual.violations.as_deref());
    if let Some(expected) = &expected.outputs {
        found.within("outputs", |found| {
            found.outputs(expected, actual.outputs.as_deref().unwrap_or_default());
        });
    }
    if let (Some(expected), Some(actual)) = (&expected.migrate, &actual.migrate) {
        found.within("migrate", |found| found.migration(expected, actual));
    }
    if let (Some(expected), Some(actual)) = (&expected.next_attempt, &actual.next_attempt) {
        found.part("next_attempt", Some(expected), Some(actual));
    }
    found.differences
}

#[derive(Default)]
struct Found {
    place: Vec<String>,
    differences: Vec<Difference>,
}

impl Found {
    fn within(&mut self, name: &str, compare: impl FnOnce(&mut Self)) {
        self.place.push(name.to_owned());
        compare(self);
        self.place.pop();
    }

    fn differ(&mut self, expected: Option<&Value>, actual: Option<&Value>) {
        self.differences.push(Difference {
            place: self.place.clone(),
            expected: expected.cloned(),
            actual: actual.cloned(),
        });
    }

    fn part<T: Serialize>(&mut self, name: &str, expected: Option<&T>, actual: Option<&T>) {
        if let Some(expected) = expected {
            let actual = actual.map(json);
            self.within(name, |found| found.values(&json(expected), actual.as_ref(), false));
        }
    }

    fn outputs(&mut self, expected: &[Output], actual: &[Output]) {
        if expected.len() != actual.len() {
            let mut left: Vec<&Output> = expected.iter().collect();
            let actual = actual.iter().map(|actual| {
                let met = take(&mut left, |expected| is_met(|found| found.output(expected, actual)));
                met.cloned().unwrap_or_else(|| actual.names())
            });
            let actual: Vec<_> = actual.collect();
            self.differ(Some(&json(expected)), Some(&json(&actual)));
            return;
        }
        for (at, (expected, actual)) in expected.iter().zip(actual).enumerate() {
            self.within(&at.to_string(), |found| found.output(expected, actual));
        }
    }

    fn output(&mut self, expected: &Output, actual: &Output) {
        self.part("channel", expected.channel.as_ref(), actual.channel.as_ref());
        self.part("key", expected.key.as_ref(), actual.key.as_ref());
        self.part("id", expected.id.as_ref(), actual.id.as_ref());
        self.part("type", expected.event_type.as_ref(), actual.event_type.as_ref());
        self.part("not_before", expected.not_before.as_ref(), actual.not_before.as_ref());
        self.part("unchanged", expected.unchanged.as_ref(), actual.unchanged.as_ref());
        let (event, attributes) = (expected.event.as_ref(), expected.attributes.as_ref());
        self.content("event", event, actual.event.as_ref(), expected.exact);
        self.content("attributes", attributes, actual.attributes.as_ref(), expected.exact);
    }

    fn migration(&mut self, expected: &Migration, actual: &Migration) {
        if expected.fails != actual.fails {
            let [before, now] = [expected, actual].map(|migration| migration.fails.as_ref().map(json));
            self.within("fails", |found| found.differ(before.as_ref(), now.as_ref()));
        }
        self.violations(expected.violations.as_deref(), actual.violations.as_deref());
        let (event, attributes) = (expected.event.as_ref(), expected.attributes.as_ref());
        self.content("event", event, actual.event.as_ref(), expected.exact);
        self.content("attributes", attributes, actual.attributes.as_ref(), expected.exact);
    }

    fn content<T: Serialize>(&mut self, name: &str, expected: Option<&T>, actual: Option<&T>, exact: Option<bool>) {
        let Some(expected) = expected.map(json) else {
            return;
        };
        let actual = actual.map(json);
        let exact = exact == Some(true);
        let before = self.differences.len();
        self.within(name, |found| {
            found.values(&expected, actual.as_ref(), exact);
            let is_other = || actual.as_ref().is_some_and(|actual| !is_same_text(actual, &expected));
            if exact && found.differences.len() == before && is_other() {
                // The same members in another order.
                found.differ(Some(&expected), actual.as_ref());
            }
        });
    }

    fn violations(&mut self, expected: Option<&[Violation]>, actual: Option<&[Violation]>) {
        let Some(expected) = expected else { return };
        let mut left: Vec<&Violation> = expected.iter().collect();
        let mut is_same = true;
        let actual = actual.unwrap_or_default().iter().map(|actual| {
            let is_part =
                |expected: &Violation| is_met(|found| found.values(&json(expected), Some(&json(actual)), false));
            let met = take(&mut left, is_part);
            is_same &= met.is_some();
            met.cloned().unwrap_or_else(|| actual.in_short())
        });
        let actual: Vec<_> = actual.collect();
        if !is_same || !left.is_empty() {
            self.within("violations", |found| {
                found.differ(Some(&json(expected)), Some(&json(&actual)));
            });
        }
    }

    fn values(&mut self, expected: &Value, actual: Option<&Value>, exact: bool) {
        match (expected, actual) {
            (Value::Object(expected), Some(Value::Object(actual))) => {
                for (name, value) in expected {
                    self.within(name, |found| found.values(value, actual.get(name), exact));
                }
                let more = actual.iter().filter(|(name, _)| exact && !expected.contains_key(*name));
                more.for_each(|(name, value)| self.within(name, |found| found.differ(None, Some(value))));
            }
            (Value::Array(expected), Some(Value::Array(actual))) if expected.len() == actual.len() => {
                for (at, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                    self.within(&at.to_string(), |found| found.values(expected, Some(actual), exact));
                }
            }
            (expected, Some(actual)) if expected == actual => {}
            (expected, actual) => self.differ(Some(expected), actual),
        }
    }
}

/// Whether a comparison finds no difference.
fn is_met(compare: impl FnOnce(&mut Found)) -> bool {
    let mut found = Found::default();
    compare(&mut found);
    found.differences.is_empty()
}

/// Takes the first item that fits.
fn take<'a, T>(left: &mut Vec<&'a T>, fits: impl Fn(&T) -> bool) -> Option<&'a T> {
    let at = left.iter().position(|item| fits(item))?;
    Some(left.remove(at))
}

fn json(value: &(impl Serialize + ?Sized)) -> Value {
    // Answers have texts for names.
    serde_json::to_value(value).unwrap_or_default()
}
