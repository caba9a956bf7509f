//! Where an answer is not what a case expects. Objects are compared by the members that are expected, lists as a whole, violations in
//! any order, numbers as they are written. Knows no policy and no file.

use serde::Serialize;
use serde_json::Value;

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
    found.part("decision", &expected.decision, &actual.decision);
    for (name, expected, actual) in [
        ("rule", &expected.rule, &actual.rule),
        ("claim", &expected.claim, &actual.claim),
        ("id", &expected.id, &actual.id),
        ("type", &expected.event_type, &actual.event_type),
        ("version", &expected.version, &actual.version),
        ("key", &expected.key, &actual.key),
    ] {
        found.part(name, expected, actual);
    }
    found.violations(expected.violations.as_deref(), actual.violations.as_deref());
    if let Some(expected) = &expected.outputs {
        found.within("outputs", |found| {
            found.outputs(expected, actual.outputs.as_deref().unwrap_or_default())
        });
    }
    if let (Some(expected), Some(actual)) = (&expected.migrate, &actual.migrate) {
        found.within("migrate", |found| found.migration(expected, actual));
    }
    if let (Some(expected), Some(actual)) = (&expected.next_attempt, &actual.next_attempt) {
        found.part("next_attempt", &Some(expected), &Some(actual));
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

    fn part<T: Serialize>(&mut self, name: &str, expected: &Option<T>, actual: &Option<T>) {
        if let Some(expected) = expected {
            let actual = actual.as_ref().map(json);
            self.within(name, |found| found.values(&json(expected), actual.as_ref(), false));
        }
    }

    fn outputs(&mut self, expected: &[Output], actual: &[Output]) {
        if expected.len() != actual.len() {
            let actual: Vec<_> = actual.iter().map(Output::names).collect();
            return self.differ(Some(&json(expected)), Some(&json(&actual)));
        }
        for (at, (expected, actual)) in expected.iter().zip(actual).enumerate() {
            self.within(&at.to_string(), |found| {
                found.part("channel", &expected.channel, &actual.channel);
                found.part("key", &expected.key, &actual.key);
                found.part("id", &expected.id, &actual.id);
                found.part("type", &expected.event_type, &actual.event_type);
                found.part("unchanged", &expected.unchanged, &actual.unchanged);
                found.content("event", &expected.event, &actual.event, expected.exact);
                found.content("attributes", &expected.attributes, &actual.attributes, expected.exact);
            });
        }
    }

    fn migration(&mut self, expected: &Migration, actual: &Migration) {
        if expected.fails != actual.fails {
            let of = |migration: &Migration| migration.fails.as_ref().map(json);
            self.within("fails", |found| {
                found.differ(of(expected).as_ref(), of(actual).as_ref())
            });
        }
        self.violations(expected.violations.as_deref(), actual.violations.as_deref());
        self.content("event", &expected.event, &actual.event, expected.exact);
        self.content("attributes", &expected.attributes, &actual.attributes, expected.exact);
    }

    fn content<T: Serialize>(&mut self, name: &str, expected: &Option<T>, actual: &Option<T>, exact: Option<bool>) {
        let Some(expected) = expected.as_ref().map(json) else {
            return;
        };
        let actual = actual.as_ref().map(json);
        let exact = exact == Some(true);
        let before = self.differences.len();
        self.within(name, |found| {
            found.values(&expected, actual.as_ref(), exact);
            let is_other = || {
                actual
                    .as_ref()
                    .is_some_and(|actual| actual.to_string() != expected.to_string())
            };
            if exact && found.differences.len() == before && is_other() {
                // The same members in another order.
                found.differ(Some(&expected), actual.as_ref());
            }
        });
    }

    fn violations(&mut self, expected: Option<&[Violation]>, actual: Option<&[Violation]>) {
        let Some(expected) = expected else { return };
        let actual = actual.unwrap_or_default();
        let mut left: Vec<Value> = actual.iter().map(json).collect();
        let is_met = |expected: &Violation| {
            let expected = json(expected);
            let met = left.iter().position(|actual| is_part(&expected, actual));
            met.map(|at| left.remove(at)).is_some()
        };
        if !expected.iter().all(is_met) || !left.is_empty() {
            let actual: Vec<_> = actual.iter().map(Violation::names).collect();
            self.within("violations", |found| {
                found.differ(Some(&json(expected)), Some(&json(&actual)))
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

/// Whether a value has all that is expected.
fn is_part(expected: &Value, actual: &Value) -> bool {
    let mut found = Found::default();
    found.values(expected, Some(actual), false);
    found.differences.is_empty()
}

fn json(value: &(impl Serialize + ?Sized)) -> Value {
    // Answers have texts for names.
    serde_json::to_value(value).unwrap_or_default()
}

impl Output {
    /// The output without its event.
    fn names(&self) -> Self {
        Self {
            event: None,
            attributes: None,
            unchanged: None,
            ..self.clone()
        }
    }
}

impl Violation {
    /// What names the violation, without words for people.
    fn names(&self) -> Self {
        let is_stated = |name: &Option<super::answer::Name>| name.clone().filter(|name| name.0.is_some());
        Self {
            message: None,
            rule: is_stated(&self.rule),
            version: None,
            ..self.clone()
        }
    }
}
