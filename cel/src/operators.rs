//! Order and arithmetic: which kinds each operator takes, and what it gives.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::budget::Budget;
use crate::error::Stop;
use crate::kind::Kind;
use crate::time;
use crate::value::{List, Value};

/// An operator of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// An operator of arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Plus,
    Minus,
    Times,
    Divided,
    Remainder,
}

impl Order {
    pub(crate) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

impl Arithmetic {
    const fn symbol(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Divided => "/",
            Self::Remainder => "%",
        }
    }

    /// The kinds that it takes, and the kind that it gives.
    const fn table(self) -> &'static [(Kind, Kind, Kind)] {
        use Kind::{Duration, Integer, List, Number, Text, Timestamp};
        match self {
            Self::Plus => &[
                (Integer, Integer, Integer),
                (Number, Number, Number),
                (Text, Text, Text),
                (List, List, List),
                (Timestamp, Duration, Timestamp),
                (Duration, Timestamp, Timestamp),
                (Duration, Duration, Duration),
            ],
            Self::Minus => &[
                (Integer, Integer, Integer),
                (Number, Number, Number),
                (Timestamp, Timestamp, Duration),
                (Timestamp, Duration, Timestamp),
                (Duration, Duration, Duration),
            ],
            Self::Times => &[(Integer, Integer, Integer), (Number, Number, Number)],
            Self::Divided | Self::Remainder => &[(Integer, Integer, Integer)],
        }
    }

    /// The kind of the result. Fails when the operands can only be wrong.
    pub(crate) fn kind(self, left: Kind, right: Kind) -> Result<Kind, String> {
        if matches!(self, Self::Divided | Self::Remainder) && !(left.is(Kind::Integer) && right.is(Kind::Integer)) {
            return Err(format!(
                "{} is for integers only: write int(…) around a value that is one, or multiply instead",
                self.symbol()
            ));
        }
        let exact = |(one, other, _): &&(Kind, Kind, Kind)| left.is(*one) && right.is(*other);
        if let Some((.., result)) = self.table().iter().find(exact) {
            return Ok(*result);
        }
        let possible = |(one, other, _): &&(Kind, Kind, Kind)| left.may_be(*one) && right.may_be(*other);
        let results = self.table().iter().filter(possible).map(|(.., result)| *result);
        results.reduce(Kind::or).ok_or_else(|| {
            format!(
                "{} cannot be between {} and {}",
                self.symbol(),
                left.name(),
                right.name()
            )
        })
    }

    pub(crate) fn apply<'a>(self, left: Value<'a>, right: Value<'a>, budget: &mut Budget) -> Result<Value<'a>, Stop> {
        match (self, left, right) {
            (_, Value::Number(left), Value::Number(right)) => {
                let result = match self {
                    Self::Plus => left.plus(&right, budget),
                    Self::Minus => left.minus(&right, budget),
                    Self::Times => left.times(&right, budget),
                    Self::Divided => left.divided_by(&right, budget),
                    Self::Remainder => left.remainder(&right, budget),
                };
                Ok(Value::Number(Arc::new(result?)))
            }
            (Self::Plus, Value::Text(left), Value::Text(right)) => {
                let (left, right) = (left.as_str(), right.as_str());
                budget.write(left.len() as u64 + right.len() as u64)?;
                Ok(Value::of_text([left, right].concat()))
            }
            (Self::Plus, Value::List(left), Value::List(right)) => joined(&left, &right, budget),
            (Self::Plus, Value::Timestamp(time), Value::Duration(by))
            | (Self::Plus, Value::Duration(by), Value::Timestamp(time)) => time::timestamp(time + by),
            (Self::Plus, Value::Duration(left), Value::Duration(right)) => time::duration(left + right),
            (Self::Minus, Value::Timestamp(left), Value::Timestamp(right))
            | (Self::Minus, Value::Duration(left), Value::Duration(right)) => time::duration(left - right),
            (Self::Minus, Value::Timestamp(time), Value::Duration(by)) => time::timestamp(time - by),
            (_, left, right) => Err(Stop::wrong(format!(
                "{} cannot be between {} and {}",
                self.symbol(),
                left.kind().name(),
                right.kind().name()
            ))),
        }
    }
}

fn joined<'a>(left: &List<'a>, right: &List<'a>, budget: &mut Budget) -> Result<Value<'a>, Stop> {
    budget.allocate(left.len() + right.len())?;
    let mut elements = Vec::with_capacity(left.len() + right.len());
    for list in [left, right] {
        for at in 0..list.len() {
            elements.extend(list.get(at, budget)?);
        }
    }
    Ok(Value::of_list(elements))
}
