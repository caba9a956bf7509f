//! What a policy says of a case: the whole of it as it was answered, or the part that a case expects. Knows no policy and no file.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};
use tidegate_engine::{Decision, MigrationCause};
use tidegate_model::clock;

/// An answer, whole or in part. What an expectation leaves out is not compared.
#[derive(Debug, Default, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decision: Option<Decision>,
    /// The drop rule.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) rule: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) claim: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) id: Option<Name>,
    #[serde(
        rename = "type",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "stated"
    )]
    pub(super) event_type: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) version: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) key: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) violations: Option<Vec<Violation>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outputs: Option<Vec<Output>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) migrate: Option<Migration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_attempt: Option<BTreeMap<u32, NextAttempt>>,
}

/// A violation, in any order among the others.
#[derive(Debug, Default, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Violation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) rule: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) version: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
}

/// An output.
#[derive(Debug, Default, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) key: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) id: Option<Name>,
    #[serde(
        rename = "type",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "stated"
    )]
    pub(super) event_type: Option<Name>,
    /// The time before which it does not leave.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) not_before: Option<Moment>,
    /// Whether it leaves byte for byte as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unchanged: Option<bool>,
    /// The event; in an expectation the members that it must have, or all of them with `exact`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) event: Option<Value>,
    /// Its attributes; in an expectation, as with `event`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attributes: Option<Map<String, Value>>,
    /// Of an expectation: `event` and `attributes` are all that there is, in this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exact: Option<bool>,
}

/// The way of the event to another version.
#[derive(Debug, Default, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Migration {
    #[serde(deserialize_with = "stated")]
    pub(super) to: Option<Name>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fails: Option<MigrationCause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) violations: Option<Vec<Violation>>,
    /// The event; in an expectation the members that it must have, or all of them with `exact`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "stated")]
    pub(super) event: Option<Value>,
    /// Its attributes; in an expectation, as with `event`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attributes: Option<Map<String, Value>>,
    /// Of an expectation: `event` and `attributes` are all that there is, in this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exact: Option<bool>,
}

impl Answer {
    /// Whether nothing is expected.
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            decision,
            rule,
            claim,
            id,
            event_type,
            version,
            key,
            violations,
            outputs,
            migrate,
            next_attempt,
        } = self;
        let names = [rule, claim, id, event_type, version, key];
        decision.is_none()
            && names.iter().all(|name| name.is_none())
            && violations.is_none()
            && outputs.is_none()
            && migrate.is_none()
            && next_attempt.is_none()
    }

    /// What an author would expect of it: the decision, and what follows from it.
    pub(super) fn in_short(&self) -> Self {
        let outputs = self.outputs.iter().flatten().map(Output::in_short);
        let violations = self.violations.iter().flatten().map(Violation::in_short);
        Self {
            decision: self.decision,
            rule: stated_name(self.rule.as_ref()),
            violations: Some(violations.collect()).filter(|all: &Vec<_>| !all.is_empty()),
            outputs: Some(outputs.collect()).filter(|all: &Vec<_>| !all.is_empty()),
            ..Self::default()
        }
    }
}

impl Violation {
    /// What names the violation, without words for people.
    pub(super) fn in_short(&self) -> Self {
        Self {
            message: None,
            rule: stated_name(self.rule.as_ref()),
            version: None,
            ..self.clone()
        }
    }
}

impl Output {
    /// The output without its event.
    pub(super) fn names(&self) -> Self {
        Self {
            key: stated_name(self.key.as_ref()),
            not_before: self.not_before.filter(|Moment(at)| at.is_some()),
            event: None,
            attributes: None,
            unchanged: None,
            ..self.clone()
        }
    }

    /// Its event where that is another one than came in.
    fn in_short(&self) -> Self {
        if self.unchanged == Some(true) {
            let unchanged = self.unchanged;
            return Self {
                unchanged,
                ..self.names()
            };
        }
        Self {
            event: self.event.clone(),
            attributes: self.attributes.clone().filter(|attributes| !attributes.is_empty()),
            ..self.names()
        }
    }
}

fn stated_name(name: Option<&Name>) -> Option<Name> {
    name.filter(|Name(name)| name.is_some()).cloned()
}

/// What follows when an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(super) enum NextAttempt {
    After(Duration),
    DeadLetter,
}

/// An id, a version, a key or a rule; `None`: there is none. May be written as a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Name(pub(super) Option<String>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self(None)),
            Value::String(text) => Ok(Self(Some(text))),
            Value::Number(number) => Ok(Self(Some(number.to_string()))),
            _ => Err(D::Error::custom(
                "expected a text, a number, or null where there is none",
            )),
        }
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

/// A time, milliseconds since 1970; `None`: there is none. Two texts may state one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(pub(super) Option<i64>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else {
            return Ok(Self(None));
        };
        let at = clock::parse(&text);
        let wrong = || D::Error::custom(format!("{text:?} is no time such as 2026-03-01T09:30:00Z"));
        at.map(|at| Self(Some(at))).ok_or_else(wrong)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.map(clock::of_millis).serialize(serializer)
    }
}

const DEAD_LETTER: &str = "dead_letter";

impl TryFrom<String> for NextAttempt {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == DEAD_LETTER {
            return Ok(Self::DeadLetter);
        }
        let delay = humantime::parse_duration(&text).map(Self::After);
        delay.map_err(|_| format!("{text:?} is neither a delay such as 5s nor {DEAD_LETTER}"))
    }
}

impl From<NextAttempt> for String {
    fn from(next: NextAttempt) -> Self {
        match next {
            NextAttempt::After(delay) => humantime::format_duration(delay).to_string(),
            NextAttempt::DeadLetter => DEAD_LETTER.to_owned(),
        }
    }
}

/// A member that is there, be it null.
fn stated<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
