//! Equality and order of values. A number and anything else have neither; that holds inside of lists and maps too.

use std::cmp::Ordering;

use crate::budget::Budget;
use crate::error::Stop;
use crate::value::{List, Map, Value};

/// Whether two values are equal. The answer is the same in either order.
pub(crate) fn equal(left: &Value<'_>, right: &Value<'_>, budget: &mut Budget) -> Result<bool, Stop> {
    budget.spend(1)?;
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            budget.read(left.len().min(right.len()))?;
            Ok(left == right)
        }
        (Value::Number(_), other) | (other, Value::Number(_)) => Err(not_comparable(other)),
        (Value::Null, Value::Null) => Ok(true),
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Text(left), Value::Text(right)) => {
            let (left, right) = (left.as_str(), right.as_str());
            budget.read(left.len().min(right.len()))?;
            Ok(left == right)
        }
        (Value::List(left), Value::List(right)) => lists(left, right, budget),
        (Value::Map(left), Value::Map(right)) => maps(left, right, budget),
        (Value::Timestamp(left), Value::Timestamp(right)) | (Value::Duration(left), Value::Duration(right)) => {
            Ok(left == right)
        }
        _ => Ok(false),
    }
}

/// The order of two values of one kind.
pub(crate) fn order(left: &Value<'_>, right: &Value<'_>, budget: &mut Budget) -> Result<Ordering, Stop> {
    budget.spend(1)?;
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            budget.read(left.len().min(right.len()))?;
            Ok(left.cmp(right))
        }
        (Value::Text(left), Value::Text(right)) => {
            let (left, right) = (left.as_str(), right.as_str());
            budget.read(left.len().min(right.len()))?;
            Ok(left.cmp(right))
        }
        (Value::Bool(left), Value::Bool(right)) => Ok(left.cmp(right)),
        (Value::Timestamp(left), Value::Timestamp(right)) | (Value::Duration(left), Value::Duration(right)) => {
            Ok(left.cmp(right))
        }
        (Value::Number(_), other) | (other, Value::Number(_)) => Err(not_comparable(other)),
        (left, right) => Err(Stop::wrong(format!(
            "{} and {} have no order",
            left.kind().name(),
            right.kind().name()
        ))),
    }
}

fn not_comparable(other: &Value<'_>) -> Stop {
    Stop::wrong(format!("a number cannot be compared with {}", other.kind().name()))
}

/// Whether one of several equals a value. What cannot be compared is no error when another is equal.
pub(crate) fn contains(list: &List<'_>, value: &Value<'_>, budget: &mut Budget) -> Result<bool, Stop> {
    let mut stop = None;
    for at in 0..list.len() {
        let Some(element) = list.get(at, budget)? else { continue };
        match equal(&element, value, budget) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(Stop::Cost) => return Err(Stop::Cost),
            Err(wrong) => stop = stop.or(Some(wrong)),
        }
    }
    stop.map_or(Ok(false), Err)
}

fn lists(left: &List<'_>, right: &List<'_>, budget: &mut Budget) -> Result<bool, Stop> {
    if left.len() != right.len() {
        return Ok(false);
    }
    let mut all = AllEqual::default();
    for at in 0..left.len() {
        if let (Some(left), Some(right)) = (left.get(at, budget)?, right.get(at, budget)?)
            && !all.add(equal(&left, &right, budget))?
        {
            return Ok(false);
        }
    }
    all.holds()
}

fn maps(left: &Map<'_>, right: &Map<'_>, budget: &mut Budget) -> Result<bool, Stop> {
    if left.len() != right.len() {
        return Ok(false);
    }
    let mut all = AllEqual::default();
    for key in left.keys(budget)? {
        let (Some(left), Some(right)) = (find(left, &key, budget)?, find(right, &key, budget)?) else {
            return Ok(false);
        };
        if !all.add(equal(&left, &right, budget))? {
            return Ok(false);
        }
    }
    all.holds()
}

/// The member of a map with this key.
pub(crate) fn find<'a>(map: &Map<'a>, key: &Value<'_>, budget: &mut Budget) -> Result<Option<Value<'a>>, Stop> {
    match (map, key) {
        (Map::Json(members), Value::Text(name)) => {
            budget.read(name.as_str().len())?;
            let member = members.get(name.as_str());
            member.map(|json| Value::of_json(json, budget)).transpose()
        }
        (Map::Json(_), Value::Number(_) | Value::Bool(_)) => Ok(None),
        (Map::Made(members), key) => find_made(members, key, budget),
        (Map::Json(_), other) => Err(no_key(other)),
    }
}

/// The same among members that the expression made.
pub(crate) fn find_made<'a>(
    members: &[(Value<'a>, Value<'a>)],
    key: &Value<'_>,
    budget: &mut Budget,
) -> Result<Option<Value<'a>>, Stop> {
    if !matches!(key, Value::Text(_) | Value::Number(_) | Value::Bool(_)) {
        return Err(no_key(key));
    }
    for (known, value) in members {
        if known.kind() == key.kind() && equal(known, key, budget)? {
            return Ok(Some(value.clone()));
        }
    }
    Ok(None)
}

fn no_key(key: &Value<'_>) -> Stop {
    Stop::wrong(format!("{} is no key of a map", key.kind().name()))
}

/// Whether all parts are equal: one that is not decides, whatever could not be compared.
#[derive(Default)]
struct AllEqual(Option<Stop>);

impl AllEqual {
    /// False: it is decided.
    fn add(&mut self, is_equal: Result<bool, Stop>) -> Result<bool, Stop> {
        match is_equal {
            Err(Stop::Cost) => Err(Stop::Cost),
            Err(wrong) => {
                self.0.get_or_insert(wrong);
                Ok(true)
            }
            decided => decided,
        }
    }

    fn holds(self) -> Result<bool, Stop> {
        self.0.map_or(Ok(true), Err)
    }
}
