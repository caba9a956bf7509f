//! The operations of a migration that is data: each is done on the way up and undone on the way down, so that an event that goes
//! both ways is what it was. One that cannot promise that for an event refuses it, with a reason. Knows no version and no schema.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidegate_text::pointer;

use crate::conversion::Conversion;
use crate::edit::{change, parent, put, rename, replace, shift, take_any, take_equal, unwrap, wrap};
use crate::operation_fields::{Add, MapValues, Move, Otherwise, Remove, Rename, Replace, Wrapped};
use crate::place::Place;
use crate::refusal::Refusal;
use crate::steps::{Members, StepError};

/// One operation, as a manifest writes it: `rename: { from: /data/amount, to: /data/total }`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Adds a member.
    Add(Add),
    /// Removes a member.
    Remove(Remove),
    /// Gives a member another name in the same object; it keeps its position.
    Rename(Rename),
    /// Moves a member to another object.
    Move(Move),
    /// Replaces one value by another.
    Set(Replace),
    /// Replaces texts by others, one by one.
    Map(MapValues),
    /// Writes a value in another form.
    Convert(Conversion),
    /// Puts a value into an object of its own.
    Wrap(Wrapped),
    /// Takes a value out of the object that holds nothing else.
    Unwrap(Wrapped),
    /// Operations in each object of an array.
    Each(Within),
    /// Operations in an object.
    Nested(Within),
}

/// Operations inside a value; their places begin there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// Where.
    pub at: Place,
    /// The operations.
    #[serde(rename = "do")]
    pub operations: Vec<Operation>,
}

/// The direction of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the older version to the newer one.
    Up,
    /// Back.
    Down,
}

/// Applies operations in their order on the way up, and undoes them in the opposite order on the way down.
pub(crate) fn apply_all(operations: &[Operation], way: Way, members: &mut Members) -> Result<(), StepError> {
    match way {
        Way::Up => operations
            .iter()
            .try_for_each(|operation| operation.apply(way, members)),
        Way::Down => operations
            .iter()
            .rev()
            .try_for_each(|operation| operation.apply(way, members)),
    }
}

impl Operation {
    /// How many operations it is, with those inside of it.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Each(within) | Self::Nested(within) => 1 + within.operations.iter().map(Self::size).sum::<usize>(),
            _ => 1,
        }
    }

    fn apply(&self, way: Way, members: &mut Members) -> Result<(), StepError> {
        use Way::{Down, Up};
        match (self, way) {
            (Self::Add(add), Up) => put(members, &add.at, add.after.as_ref(), &add.value, add.keeps_existing()),
            (Self::Add(add), Down) => take(members, &add.at, Some(&add.value), add.otherwise),
            (Self::Remove(remove), Up) => take(members, &remove.at, remove.value.as_ref(), remove.otherwise),
            (Self::Remove(remove), Down) => match &remove.value {
                Some(value) => put(members, &remove.at, remove.after.as_ref(), value, false),
                None => Ok(()),
            },
            (Self::Rename(Rename { from, to }), Up) => rename(members, from, to),
            (Self::Rename(Rename { from, to }), Down) => rename(members, to, from),
            (Self::Move(Move { from, to, .. }), Up) => shift(members, from, to, None),
            (Self::Move(Move { from, to, after }), Down) => shift(members, to, from, after.as_ref()),
            (Self::Set(Replace { at, from, to }), Up) => change(members, at, |value| replace(value, from, to)),
            (Self::Set(Replace { at, from, to }), Down) => change(members, at, |value| replace(value, to, from)),
            (Self::Map(map), _) => change(members, &map.at, |value| look_up(map, way, value)),
            (Self::Convert(conversion), Up) => change(members, &conversion.at, |value| conversion.forth(value)),
            (Self::Convert(conversion), Down) => change(members, &conversion.at, |value| conversion.back(value)),
            (Self::Wrap(wrapped), Up) | (Self::Unwrap(wrapped), Down) => change(members, &wrapped.at, |value| {
                wrap(&wrapped.name, value);
                Ok(())
            }),
            (Self::Wrap(wrapped), Down) | (Self::Unwrap(wrapped), Up) => {
                change(members, &wrapped.at, |value| unwrap(&wrapped.name, value))
            }
            (Self::Each(within), _) => within.each(way, members),
            (Self::Nested(within), _) => within.nested(way, members),
        }
    }

    /// Whether it may lose something of an event on this way.
    pub fn is_lossy(&self, way: Way) -> bool {
        match (self, way) {
            // A member that is kept cannot be told from one that was added.
            (Self::Add(add), Way::Up) => add.keeps_existing(),
            (Self::Add(add), Way::Down) => add.otherwise == Otherwise::Lose,
            (Self::Remove(remove), Way::Up) => remove.otherwise == Otherwise::Lose,
            (Self::Each(within) | Self::Nested(within), _) => {
                within.operations.iter().any(|operation| operation.is_lossy(way))
            }
            _ => false,
        }
    }
}

impl Within {
    fn each(&self, way: Way, members: &mut Members) -> Result<(), StepError> {
        let Some(value) = self.value(members)? else {
            return Ok(());
        };
        let items = value.as_array_mut();
        let items = items.ok_or_else(|| StepError::new(self.at.pointer(), Refusal::NotAnArray.to_string()))?;
        for (index, item) in items.iter_mut().enumerate() {
            let mut place = self.at.pointer().to_owned();
            pointer::push(&mut place, &index.to_string());
            self.inside(way, item, &place)?;
        }
        Ok(())
    }

    fn nested(&self, way: Way, members: &mut Members) -> Result<(), StepError> {
        match self.value(members)? {
            Some(value) => self.inside(way, value, self.at.pointer()),
            None => Ok(()),
        }
    }

    fn value<'m>(&self, members: &'m mut Members) -> Result<Option<&'m mut Value>, StepError> {
        Ok(parent(members, &self.at)?.and_then(|parent| parent.get_mut(self.at.name())))
    }

    fn inside(&self, way: Way, value: &mut Value, at: &str) -> Result<(), StepError> {
        let members = value.as_object_mut();
        let members = members.ok_or_else(|| StepError::new(at, Refusal::NotAnObject.to_string()))?;
        apply_all(&self.operations, way, members)
            .map_err(|error| StepError::new(format!("{at}{}", error.path), error.message))
    }
}

fn take(members: &mut Members, at: &Place, value: Option<&Value>, otherwise: Otherwise) -> Result<(), StepError> {
    match (value, otherwise) {
        (Some(value), Otherwise::Reject) => take_equal(members, at, value),
        (None, _) | (_, Otherwise::Lose) => take_any(members, at),
    }
}

fn look_up(map: &MapValues, way: Way, value: &mut Value) -> Result<(), Refusal> {
    let Value::String(text) = &*value else {
        return Err(Refusal::NotAString);
    };
    let reverse = |values: &IndexMap<String, String>| {
        let found = values.iter().find(|(_, newer)| *newer == text);
        found.map(|(older, _)| older.clone())
    };
    let (found, is_taken) = match way {
        Way::Up => (map.values.get(text).cloned(), reverse(&map.values).is_some()),
        Way::Down => (reverse(&map.values), map.values.contains_key(text)),
    };
    match found {
        Some(other) => *value = other.into(),
        None if map.keeps_others() && !is_taken => {}
        None => return Err(Refusal::Unmapped),
    }
    Ok(())
}
