//! The same event with its names as CloudEvents attributes: the policy must decide on it as on the bare one. Lays an event out and
//! compares; makes no event.

use std::fmt;

use serde_json::{Map, Value};
use tidegate_policy::{
    Accepted, Attribute, Manifest, Migrated, MigrationCause, MigrationFailure, NameOf, Policy, VersionAttribute,
    VersionPlace, read_exact,
};
use tidegate_text::pointer;

use crate::events::Valid;

/// Which attributes stand for which members.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// Attributes, and the names on the way to their members.
    attributes: Vec<(String, Vec<String>)>,
    /// Where the data stands; `None`: the data is the event.
    payload: Option<Vec<String>>,
}

/// An event with attributes.
#[derive(Debug, Clone)]
pub(crate) struct Laid {
    data: Value,
    attributes: Vec<Attribute>,
}

impl Mapping {
    /// `None`: no attribute stands for a member.
    pub(crate) fn of(manifest: &Manifest) -> Option<Self> {
        let (envelope, named) = (&manifest.envelope, &manifest.cloudevents);
        let member = |name: &Option<NameOf>| match name {
            Some(NameOf::Member(place)) => Some(place.clone()),
            _ => None,
        };
        // An event does not say of what else the attribute would be the end.
        let version = match &named.version {
            Some(VersionAttribute::Whole(name)) => Some(name.clone()),
            Some(VersionAttribute::End { .. }) | None => None,
        };
        let pairs = [
            (&named.id, member(&envelope.id)),
            (&named.event_type, Some(envelope.event_type.clone())),
            (
                &version,
                envelope.version.as_ref().and_then(VersionPlace::member).cloned(),
            ),
            (&named.key, member(&envelope.key)),
            (&named.time, envelope.time.clone()),
        ];
        let mut attributes: Vec<(String, Vec<String>)> = Vec::new();
        for (attribute, place) in pairs {
            let (Some(attribute), Some(place)) = (attribute, place) else {
                continue;
            };
            let place = pointer::names(place.pointer())?;
            // The key may be the id, for one.
            if !attributes.iter().any(|(_, other)| *other == place) {
                attributes.push((attribute.clone(), place));
            }
        }
        let payload = match named.payload {
            Some(_) => Some(pointer::names(envelope.payload.as_ref()?.pointer())?),
            None => None,
        };
        (!attributes.is_empty()).then_some(Self { attributes, payload })
    }

    /// The event with attributes; `None`: it has none, since a member is no text, or stands outside of the data.
    pub(crate) fn split(&self, event: &Value) -> Option<Laid> {
        let mut members = event.as_object()?.clone();
        let mut attributes = Vec::new();
        for (attribute, place) in &self.attributes {
            match take(&mut members, place) {
                None => {}
                Some(Value::String(value)) => attributes.push(Attribute {
                    name: attribute.clone(),
                    value,
                }),
                Some(_) => return None,
            }
        }
        let data = match &self.payload {
            None => Value::Object(members),
            Some(place) => {
                let data = take(&mut members, place)?;
                members.is_empty().then_some(data)?
            }
        };
        Some(Laid { data, attributes })
    }

    /// The bare event that an event with attributes is.
    fn joined(&self, data: Value, attributes: &[Attribute]) -> Option<Value> {
        let mut members = match (&self.payload, data) {
            (None, Value::Object(members)) => members,
            (None, _) => return None,
            (Some(place), data) => {
                let mut members = Map::new();
                put(&mut members, place, data)?;
                members
            }
        };
        for (name, place) in &self.attributes {
            if let Some(attribute) = attributes.iter().find(|attribute| attribute.name == *name) {
                put(&mut members, place, attribute.value.clone().into())?;
            }
        }
        Some(Value::Object(members))
    }
}

/// Whether the policy decides on an event with attributes as on the bare one; if not, how.
pub(crate) fn same(
    policy: &Policy,
    event: &Valid,
    bare: &Result<Migrated, MigrationFailure>,
    laid: &Laid,
    mapping: &Mapping,
    to: &str,
) -> Result<(), String> {
    let data = laid.data.to_string();
    let with = policy.validate(data.as_bytes(), &laid.attributes);
    let with = with.map_err(|rejection| rejection.summary())?;
    let names = |of: &Accepted| [&of.event_id, &of.event_type, &of.event_version].map(String::clone);
    if names(&event.accepted) != names(&with) || event.accepted.key != with.key {
        return Err("its names are read differently".to_owned());
    }
    let with = policy.migrate(data.as_bytes(), &laid.attributes, to);
    match (bare, with) {
        (Ok(bare), Ok(with)) => {
            let data = with
                .event
                .as_deref()
                .map_or_else(|| laid.data.clone(), |text| read_exact(text).unwrap_or_default());
            let mut attributes = laid.attributes.clone();
            for change in with.attributes {
                attributes.retain(|attribute| attribute.name != change.name);
                if let Some(value) = change.value {
                    attributes.push(Attribute {
                        name: change.name,
                        value,
                    });
                }
            }
            let found = mapping.joined(data, &attributes);
            let is_same = match &bare.event {
                Some(text) => found == read_exact(text).ok(),
                None => found.as_ref() == Some(&event.value),
            };
            if is_same {
                Ok(())
            } else {
                Err("it becomes another event".to_owned())
            }
        }
        (Err(bare), Err(with)) if bare.cause == with.cause => Ok(()),
        (Ok(_), Err(failure)) if failure.cause == MigrationCause::InvalidResult => {
            let found = failure.violations.first();
            Err(found.map_or_else(String::new, |found| format!("{} {}", found.path, found.message)))
        }
        _ => Err("it is migrated differently".to_owned()),
    }
}

impl fmt::Display for Laid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for attribute in &self.attributes {
            write!(f, "{}={} ", attribute.name, attribute.value)?;
        }
        write!(f, "{}", self.data)
    }
}

/// Takes a member out, and the objects that it leaves empty.
fn take(members: &mut Map<String, Value>, place: &[String]) -> Option<Value> {
    match place {
        [] => None,
        [name] => members.shift_remove(name),
        [name, rest @ ..] => {
            let inside = members.get_mut(name)?.as_object_mut()?;
            let taken = take(inside, rest)?;
            if inside.is_empty() {
                members.shift_remove(name);
            }
            Some(taken)
        }
    }
}

/// Puts a member in, with the objects around it.
fn put(members: &mut Map<String, Value>, place: &[String], value: Value) -> Option<()> {
    let (name, around) = place.split_last()?;
    let parent = around.iter().try_fold(members, |inside, name| {
        let inner = inside.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
        inner.as_object_mut()
    })?;
    parent.insert(name.clone(), value);
    Some(())
}
