//! The operations of a migration that is data: each is done on the way up and undone on the way down, so that an event that goes
//! both ways is what it was. One that cannot promise that for an event refuses it, with a reason. Knows no version and no schema.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tidegate_text::pointer;

use crate::conversion::Conversion;
use crate::operation_fields::{Add, MapValues, Move, Remove, Wrapped};
use crate::place::Place;
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
    Rename(Move),
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

/// One value in place of another.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// Where.
    pub at: Place,
    /// In the older version.
    pub from: Value,
    /// In the newer version.
    pub to: Value,
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
pub(crate) enum Way {
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
    fn apply(&self, way: Way, members: &mut Members) -> Result<(), StepError> {
        use Way::{Down, Up};
        match (self, way) {
            (Self::Add(add), Up) => put(members, &add.at, &add.value, add.keeps_existing()),
            (Self::Add(add), Down) => take(members, &add.at, Some(&add.value), add.lossy),
            (Self::Remove(remove), Up) => take(members, &remove.at, remove.value.as_ref(), remove.lossy),
            (Self::Remove(Remove { value: None, .. }), Down) => Ok(()),
            (
                Self::Remove(Remove {
                    at, value: Some(value), ..
                }),
                Down,
            ) => put(members, at, value, false),
            (Self::Rename(Move { from, to }) | Self::Move(Move { from, to }), Up) => shift(members, from, to),
            (Self::Rename(Move { from, to }) | Self::Move(Move { from, to }), Down) => shift(members, to, from),
            (Self::Set(Replace { at, from, to }), Up) => replace(members, at, from, to),
            (Self::Set(Replace { at, from, to }), Down) => replace(members, at, to, from),
            (Self::Map(map), _) => change(members, &map.at, |value| look_up(map, way, value)),
            (Self::Convert(conversion), Up) => change(members, &conversion.at, |value| conversion.forth(value)),
            (Self::Convert(conversion), Down) => change(members, &conversion.at, |value| conversion.back(value)),
            (Self::Wrap(wrap), Up) | (Self::Unwrap(wrap), Down) => change(members, &wrap.at, |value| {
                let inner = value.take();
                *value = Map::from_iter([(wrap.name.clone(), inner)]).into();
                Ok(())
            }),
            (Self::Wrap(wrap), Down) | (Self::Unwrap(wrap), Up) => {
                change(members, &wrap.at, |value| unwrap(&wrap.name, value))
            }
            (Self::Each(within), _) => change_at(members, &within.at, |value, at| {
                each(&within.operations, way, value, at)
            }),
            (Self::Nested(within), _) => change_at(members, &within.at, |value, at| {
                inside(&within.operations, way, value, at)
            }),
        }
    }

    /// Whether it may lose something of an event.
    pub(crate) fn is_lossy(&self, way: Way) -> bool {
        match self {
            Self::Add(add) => add.lossy && way == Way::Down || add.keeps_existing(),
            Self::Remove(remove) => remove.lossy && way == Way::Up,
            Self::Each(within) | Self::Nested(within) => {
                within.operations.iter().any(|operation| operation.is_lossy(way))
            }
            _ => false,
        }
    }
}

/// The object of a place; `None`: it is absent.
fn parent<'m>(members: &'m mut Members, at: &Place) -> Result<Option<&'m mut Members>, StepError> {
    at.parent(members)
        .map_err(|pointer| StepError::new(pointer, "must be an object"))
}

/// Adds a member that is not there. Where its object is absent, nothing is added.
fn put(members: &mut Members, at: &Place, value: &Value, keeps_existing: bool) -> Result<(), StepError> {
    let Some(parent) = parent(members, at)? else {
        return Ok(());
    };
    if !parent.contains_key(at.name()) {
        parent.insert(at.name().to_owned(), value.clone());
    } else if !keeps_existing {
        return Err(exists(at));
    }
    Ok(())
}

/// Removes a member, which must have this value where there is one, unless something may be lost.
fn take(members: &mut Members, at: &Place, expected: Option<&Value>, lossy: bool) -> Result<(), StepError> {
    let Some(parent) = parent(members, at)? else {
        return Ok(());
    };
    let Some(found) = parent.get(at.name()) else {
        return Ok(());
    };
    if !lossy && expected != Some(found) {
        let problem = "value-differs: it has another value than the one that is added, which would be lost";
        return Err(StepError::new(at.pointer(), problem));
    }
    parent.shift_remove(at.name());
    Ok(())
}

/// Moves a member to where nothing is. In the same object it keeps its position, in another one it is the last.
fn shift(members: &mut Members, from: &Place, to: &Place) -> Result<(), StepError> {
    let target = parent(members, to)?;
    let has_target = target.is_some();
    if target.is_some_and(|target| target.contains_key(to.name())) {
        return Err(exists(to));
    }
    let Some(source) = parent(members, from)? else {
        return Ok(());
    };
    let Some(position) = source.keys().position(|name| name == from.name()) else {
        return Ok(());
    };
    if !has_target {
        return Err(StepError::new(
            to.pointer(),
            "no-object: the object that it moves to is absent",
        ));
    }
    let Some(value) = source.shift_remove(from.name()) else {
        return Ok(());
    };
    if from.is_beside(to) {
        source.shift_insert(position, to.name().to_owned(), value);
    } else if let Some(target) = parent(members, to)? {
        target.insert(to.name().to_owned(), value);
    }
    Ok(())
}

fn replace(members: &mut Members, at: &Place, from: &Value, to: &Value) -> Result<(), StepError> {
    change(members, at, |value| {
        if value != from {
            return Err("value-differs: it is not the value that is replaced".to_owned());
        }
        *value = to.clone();
        Ok(())
    })
}

fn look_up(map: &MapValues, way: Way, value: &mut Value) -> Result<(), String> {
    let Value::String(text) = &*value else {
        return Err("not-a-string: only strings are mapped".to_owned());
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
        None => return Err("unmapped: the migration names no value for it".to_owned()),
    }
    Ok(())
}

fn unwrap(name: &str, value: &mut Value) -> Result<(), String> {
    let problem = || format!("not-alone: must be an object with the member {name} and no other");
    let members = value.as_object_mut().filter(|members| members.len() == 1);
    let inner = members.and_then(|members| members.shift_remove(name));
    *value = inner.ok_or_else(problem)?;
    Ok(())
}

fn each(operations: &[Operation], way: Way, value: &mut Value, at: &str) -> Result<(), StepError> {
    let items = value
        .as_array_mut()
        .ok_or_else(|| StepError::new(at, "must be an array"))?;
    for (index, item) in items.iter_mut().enumerate() {
        let mut place = at.to_owned();
        pointer::push(&mut place, &index.to_string());
        inside(operations, way, item, &place)?;
    }
    Ok(())
}

fn inside(operations: &[Operation], way: Way, value: &mut Value, at: &str) -> Result<(), StepError> {
    let members = value
        .as_object_mut()
        .ok_or_else(|| StepError::new(at, "must be an object"))?;
    apply_all(operations, way, members).map_err(|error| StepError::new(format!("{at}{}", error.path), error.message))
}

/// Changes the value at a place; where there is none, nothing happens.
fn change(
    members: &mut Members,
    at: &Place,
    change: impl FnOnce(&mut Value) -> Result<(), String>,
) -> Result<(), StepError> {
    change_at(members, at, |value, at| {
        change(value).map_err(|problem| StepError::new(at, problem))
    })
}

fn change_at(
    members: &mut Members,
    at: &Place,
    change: impl FnOnce(&mut Value, &str) -> Result<(), StepError>,
) -> Result<(), StepError> {
    let value = parent(members, at)?.and_then(|parent| parent.get_mut(at.name()));
    value.map_or(Ok(()), |value| change(value, at.pointer()))
}

fn exists(at: &Place) -> StepError {
    StepError::new(at.pointer(), "member-exists: there is such a member already")
}
