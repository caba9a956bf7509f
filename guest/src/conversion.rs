//! One value in two forms: a closed table, exact in both directions. Digits are kept as they are written. Knows no event.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use tidegate_text::number::is_plain_integer;

use crate::place::Place;
use crate::refusal::Refusal;

/// A value that has another form in the newer version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Conversion {
    /// Where.
    pub at: Place,
    /// The form in the older version.
    pub from: Form,
    /// The form in the newer version.
    pub to: Form,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A number without an exponent, such as `24.90`.
    Number,
    /// The same as a string.
    DecimalString,
    /// An integer without point and exponent.
    Integer,
    /// The same as a string.
    IntegerString,
    /// `true` or `false`.
    Boolean,
    /// The same as a string.
    BooleanString,
}

/// Forms that do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such conversion: convert number ↔ decimal-string, integer ↔ integer-string, or boolean ↔ boolean-string")]
pub(crate) struct NoConversion;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    at: Place,
    from: Form,
    to: Form,
}

impl Conversion {
    /// From the older form to the newer one.
    pub(crate) fn forth(&self, value: &mut Value) -> Result<(), Refusal> {
        convert(value, self.from, self.to)
    }

    /// And back.
    pub(crate) fn back(&self, value: &mut Value) -> Result<(), Refusal> {
        convert(value, self.to, self.from)
    }
}

impl Form {
    /// The form that stands for the same values.
    const fn counterpart(self) -> Self {
        match self {
            Self::Number => Self::DecimalString,
            Self::DecimalString => Self::Number,
            Self::Integer => Self::IntegerString,
            Self::IntegerString => Self::Integer,
            Self::Boolean => Self::BooleanString,
            Self::BooleanString => Self::Boolean,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Number => "a number without an exponent",
            Self::DecimalString => "a string with a number without an exponent",
            Self::Integer => "an integer without point and exponent",
            Self::IntegerString => "a string with an integer",
            Self::Boolean => "true or false",
            Self::BooleanString => "\"true\" or \"false\"",
        }
    }
}

impl TryFrom<Raw> for Conversion {
    type Error = NoConversion;

    fn try_from(Raw { at, from, to }: Raw) -> Result<Self, NoConversion> {
        (from.counterpart() == to)
            .then_some(Self { at, from, to })
            .ok_or(NoConversion)
    }
}

fn convert(value: &mut Value, from: Form, to: Form) -> Result<(), Refusal> {
    let converted = match (from, &*value) {
        (Form::Number, Value::Number(number)) => is_decimal(number.as_str()).then(|| number.as_str().into()),
        (Form::Integer, Value::Number(number)) => is_plain_integer(number.as_str()).then(|| number.as_str().into()),
        (Form::DecimalString, Value::String(text)) => is_decimal(text).then(|| number(text)),
        (Form::IntegerString, Value::String(text)) => is_plain_integer(text).then(|| number(text)),
        (Form::Boolean, Value::Bool(is_true)) => Some(is_true.to_string().into()),
        (Form::BooleanString, Value::String(text)) => text.parse().ok().map(Value::Bool),
        _ => None,
    };
    *value = converted.ok_or_else(|| Refusal::NotConvertible {
        is: from.name(),
        becomes: to.name(),
    })?;
    Ok(())
}

/// Whether this is a number of JSON without an exponent.
fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    is_plain_integer(whole) && !fraction.is_empty() && fraction.bytes().all(|digit| digit.is_ascii_digit())
}

fn number(text: &str) -> Value {
    Value::Number(Number::from_string_unchecked(text.to_owned()))
}
