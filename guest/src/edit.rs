//! What operations do to the members of an object: put, take, move, replace. Each has an exact way back, or refuses. Knows no
//! operation and no version.

use serde_json::{Map, Value};

use crate::place::Place;
use crate::refusal::Refusal;
use crate::steps::{Members, StepError};

/// Adds a member that is not there, after another one of its object or last. Where its object is absent, nothing is added.
pub(crate) fn put(
    members: &mut Members,
    at: &Place,
    after: Option<&Place>,
    value: &Value,
    keeps_existing: bool,
) -> Result<(), StepError> {
    let Some(parent) = parent(members, at)? else {
        return Ok(());
    };
    if !parent.contains_key(at.name()) {
        insert(parent, after, at.name(), value.clone());
    } else if !keeps_existing {
        return Err(refused(at, &Refusal::MemberExists));
    }
    Ok(())
}

/// Removes a member. It must be there and have this value, since that is what the way back puts there. Where its object is absent,
/// nothing is removed.
pub(crate) fn take_equal(members: &mut Members, at: &Place, expected: &Value) -> Result<(), StepError> {
    let Some(parent) = parent(members, at)? else {
        return Ok(());
    };
    match parent.get(at.name()) {
        None => Err(refused(at, &Refusal::MemberAbsent)),
        Some(found) if !is_same(found, expected) => Err(refused(at, &Refusal::ValueDiffers)),
        Some(_) => {
            parent.shift_remove(at.name());
            Ok(())
        }
    }
}

/// Removes a member, whatever it is.
pub(crate) fn take_any(members: &mut Members, at: &Place) -> Result<(), StepError> {
    if let Some(parent) = parent(members, at)? {
        parent.shift_remove(at.name());
    }
    Ok(())
}

/// Gives a member another name; it keeps its position.
pub(crate) fn rename(members: &mut Members, from: &Place, to: &Place) -> Result<(), StepError> {
    let Some(parent) = parent(members, from)? else {
        return Ok(());
    };
    if parent.contains_key(to.name()) {
        return Err(refused(to, &Refusal::MemberExists));
    }
    let position = parent.keys().position(|name| name == from.name());
    if let Some((position, value)) = position.zip(parent.shift_remove(from.name())) {
        parent.shift_insert(position, to.name().to_owned(), value);
    }
    Ok(())
}

/// Moves a member to another object, after another one of that object or last.
pub(crate) fn shift(members: &mut Members, from: &Place, to: &Place, after: Option<&Place>) -> Result<(), StepError> {
    let target = parent(members, to)?;
    let has_target = target.is_some();
    if target.is_some_and(|target| target.contains_key(to.name())) {
        return Err(refused(to, &Refusal::MemberExists));
    }
    let Some(source) = parent(members, from)? else {
        return Ok(());
    };
    if !has_target && source.contains_key(from.name()) {
        return Err(refused(to, &Refusal::NoObject));
    }
    let value = source.shift_remove(from.name());
    if let Some((value, target)) = value.zip(parent(members, to)?) {
        insert(target, after, to.name(), value);
    }
    Ok(())
}

/// Replaces one value by another.
pub(crate) fn replace(value: &mut Value, from: &Value, to: &Value) -> Result<(), Refusal> {
    if !is_same(value, from) {
        return Err(Refusal::ValueDiffers);
    }
    *value = to.clone();
    Ok(())
}

/// Puts a value into an object of its own.
pub(crate) fn wrap(name: &str, value: &mut Value) {
    let inner = value.take();
    *value = Map::from_iter([(name.to_owned(), inner)]).into();
}

/// Takes a value out of an object that holds nothing else.
pub(crate) fn unwrap(name: &str, value: &mut Value) -> Result<(), Refusal> {
    let members = value.as_object_mut().filter(|members| members.len() == 1);
    let inner = members.and_then(|members| members.shift_remove(name));
    *value = inner.ok_or_else(|| Refusal::NotAlone(name.to_owned()))?;
    Ok(())
}

/// Changes the value at a place; where there is none, nothing happens.
pub(crate) fn change(
    members: &mut Members,
    at: &Place,
    change: impl FnOnce(&mut Value) -> Result<(), Refusal>,
) -> Result<(), StepError> {
    let value = parent(members, at)?.and_then(|parent| parent.get_mut(at.name()));
    value.map_or(Ok(()), |value| change(value).map_err(|refusal| refused(at, &refusal)))
}

/// The object of a place; `None`: it is absent.
pub(crate) fn parent<'m>(members: &'m mut Members, at: &Place) -> Result<Option<&'m mut Members>, StepError> {
    at.parent(members)
        .map_err(|pointer| StepError::new(pointer, Refusal::NotAnObject.to_string()))
}

fn insert(object: &mut Members, after: Option<&Place>, name: &str, value: Value) {
    let position = after.and_then(|after| object.keys().position(|name| name == after.name()));
    object.shift_insert(position.map_or(object.len(), |at| at + 1), name.to_owned(), value);
}

/// Whether two values are written alike: digits and the order of members count, since a way back writes the one for the other.
fn is_same(one: &Value, other: &Value) -> bool {
    let written = |value: &Value| value.to_string();
    one == other && written(one) == written(other)
}

fn refused(at: &Place, refusal: &Refusal) -> StepError {
    StepError::new(at.pointer(), refusal.to_string())
}
