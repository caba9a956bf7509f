//! The version that an event states, and another one in the form that it had: in a member, or at the end of its type. A version is
//! known by its text: `1.10` is not `1.1`. Knows no schema.

use serde_json::{Map, Number, Value};
use tidegate_text::number::is_plain_integer;

use crate::contract::Violation;
use crate::event::Event;
use crate::known::{KnownType, NewNames};
use crate::names::must_be_a_name;
use crate::parse::read_exact;
use crate::place::{Place, name};
use crate::policy::Policy;
use crate::version_place::VersionPlace;
use crate::violation::{code, quoted};

impl Policy {
    /// The type of an event by the text that it states, and what follows its name there: nothing, or what looks like a version.
    pub(crate) fn type_of<'t>(&self, text: &'t str) -> Option<(&KnownType, &'t str)> {
        if let Some(kind) = self.event_type(text) {
            return Some((kind, ""));
        }
        let Some(VersionPlace::End { .. }) = self.envelope.version else {
            return None;
        };
        text.rmatch_indices('.').find_map(|(dot, _)| {
            let (kind, end) = (self.event_type(&text[..dot])?, &text[dot + 1..]);
            let is_version = kind.version_at(end).is_some() || without_v(end).starts_with(is_digit);
            is_version.then_some((kind, end))
        })
    }

    /// The version of an event of a type, whose name is followed by `end`; when it states none, the default of its type.
    pub(crate) fn version_of(
        &self,
        kind: &KnownType,
        end: &str,
        members: &Map<String, Value>,
    ) -> Result<usize, Violation> {
        let (stated, found) = match &self.envelope.version {
            None => return Ok(kind.default_version),
            Some(VersionPlace::Member(place)) => {
                let Some(value) = place.find(members) else {
                    return Ok(kind.default_version);
                };
                let stated = name(value).ok_or_else(|| must_be_a_name(place))?;
                (stated, kind.version_at(stated))
            }
            Some(VersionPlace::End { .. }) if end.is_empty() => return Ok(kind.default_version),
            Some(VersionPlace::End { .. }) => {
                let found = kind.version_at(end).or_else(|| kind.version_at(without_v(end)));
                (end, found)
            }
        };
        found.ok_or_else(|| {
            let message = format!(
                "{} has no version {}; known: {}",
                kind.name,
                quoted(stated),
                kind.version_list()
            );
            Violation::new(code::UNKNOWN_VERSION, self.version_pointer(), message)
        })
    }

    /// The type, and the version where that is a member, as a new event of a type states them: in the form in which the example of
    /// its version does.
    pub(crate) fn stated_by_new<'k>(&self, kind: &'k KnownType) -> &'k NewNames {
        kind.new_names.get_or_init(|| {
            let target = kind.target_version;
            let version = &*kind.versions[target].name;
            let example = self.example(kind, target).unwrap_or_default();
            let example = read_exact(&example).unwrap_or_default();
            let example = example.as_object();
            let find = |place: &Place| example.and_then(|members| place.find(members));
            let name = kind.name.clone();
            match &self.envelope.version {
                None => NewNames { name, version: None },
                Some(VersionPlace::Member(place)) => NewNames {
                    name,
                    version: Some(in_form_of(find(place), version)),
                },
                Some(VersionPlace::End { .. }) => {
                    let stated = find(&self.envelope.event_type).and_then(Value::as_str);
                    let end = kind.end_of(stated.unwrap_or_default());
                    let is_stated = end.is_some() || kind.versions.len() > 1;
                    NewNames {
                        name: if is_stated { kind.with_end(end, version) } else { name },
                        version: None,
                    }
                }
            }
        })
    }

    /// Where the version stands, for violations.
    pub(crate) fn version_pointer(&self) -> &str {
        match &self.envelope.version {
            Some(VersionPlace::Member(place)) => place.pointer(),
            Some(VersionPlace::End { .. }) => self.envelope.event_type.pointer(),
            None => "",
        }
    }
}

impl Event<'_> {
    /// States another version, in the form in which it states its own.
    pub(crate) fn state_version(&mut self, to: usize) -> Result<(), Violation> {
        // It names the schema of the version that the event had.
        self.form.remove_data_schema();
        let (policy, kind) = (self.policy, self.kind);
        let version = &*kind.versions[to].name;
        let Some(members) = self.value.as_object_mut() else {
            return Ok(());
        };
        let type_place = &policy.envelope.event_type;
        match &policy.envelope.version {
            None => Ok(()),
            Some(VersionPlace::Member(place)) => {
                let value = in_form_of(place.find(members), version);
                place.set(members, type_place, value)
            }
            Some(VersionPlace::End { .. }) => {
                let stated = type_place.find(members).and_then(Value::as_str).unwrap_or_default();
                let end = kind.end_of(stated);
                if end.is_none() && to == kind.default_version {
                    return Ok(());
                }
                let text = kind.with_end(end, version);
                type_place.set(members, type_place, text.into())
            }
        }
    }
}

impl KnownType {
    /// What follows the name of the type in a text.
    fn end_of<'t>(&self, stated: &'t str) -> Option<&'t str> {
        stated.strip_prefix(&*self.name)?.strip_prefix('.')
    }

    /// The name of the type with a version behind it, in the form of another one.
    fn with_end(&self, form: Option<&str>, version: &str) -> String {
        let has_v = match form {
            None => version.starts_with(is_digit),
            Some(end) => self.version_at(end).is_none() && end.starts_with('v'),
        };
        format!("{}.{}{version}", self.name, if has_v { "v" } else { "" })
    }
}

fn without_v(text: &str) -> &str {
    text.strip_prefix('v').unwrap_or(text)
}

fn is_digit(first: char) -> bool {
    first.is_ascii_digit()
}

/// A version as an event states it: as an integer where it did so before, and the name is one.
fn in_form_of(before: Option<&Value>, version: &str) -> Value {
    match before {
        Some(Value::Number(_)) if is_plain_integer(version) => {
            Value::Number(Number::from_string_unchecked(version.to_owned()))
        }
        _ => Value::String(version.to_owned()),
    }
}
