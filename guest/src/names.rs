//! The names of an event: its id and its key, which no schema has to require. Knows where they stand, and nothing of versions.

use std::borrow::Cow;

use serde_json::Value;

use crate::contract::Violation;
use crate::envelope::NameOf;
use crate::ids;
use crate::place::{Place, name};
use crate::policy::Policy;
use crate::violation::code;

/// What ids are derived for.
const PURPOSE: &str = "event";

impl Policy {
    /// The id of an event of a type; `None`: it states none that can be read.
    pub(crate) fn id_of<'v>(&self, event: &'v Value, event_type: &str) -> Option<Cow<'v, str>> {
        match &self.envelope.id {
            Some(NameOf::Member(place)) => place.text(event).map(Cow::Borrowed),
            Some(NameOf::Members { of }) => {
                let texts = of.iter().map(|place| Some(stated(place, event)?.to_string()));
                let texts: Vec<String> = texts.collect::<Option<_>>()?;
                Some(derived(event_type, &texts))
            }
            // Any name will do, since it is not claimed: the same for the same event.
            None => Some(derived(event_type, &[event.to_string()])),
        }
    }

    /// The partition key of an event; of several members, their texts with a colon between them.
    pub(crate) fn key_of<'v>(&self, event: &'v Value) -> Option<Cow<'v, str>> {
        match self.envelope.key.as_ref()? {
            NameOf::Member(place) => place.text(event).map(Cow::Borrowed),
            NameOf::Members { of } => {
                let texts = of.iter().map(|place| Some(escaped(place.text(event)?)));
                let texts: Vec<String> = texts.collect::<Option<_>>()?;
                Some(Cow::Owned(texts.join(":")))
            }
        }
    }

    /// The id and the key can be read, whatever the schema says: the id names the claim, and the key the partition.
    pub(crate) fn check_names(&self, event: &Value) -> Vec<Violation> {
        let mut broken = Vec::new();
        match &self.envelope.id {
            Some(NameOf::Member(place)) => broken.extend(not_a_name(place, event).or_else(|| empty(place, event))),
            // Any values will do.
            Some(NameOf::Members { of }) => {
                let missing = of.iter().filter(|place| stated(place, event).is_none());
                broken.extend(missing.map(is_required));
            }
            None => {}
        }
        let key = self.envelope.key.iter().flat_map(NameOf::places);
        broken.extend(key.filter_map(|place| not_a_name(place, event)));
        broken
    }
}

/// A part of a name, without a colon.
pub(crate) fn escaped(part: &str) -> String {
    part.replace('%', "%25").replace(':', "%3A")
}

fn stated<'v>(place: &Place, event: &'v Value) -> Option<&'v Value> {
    place.find(event.as_object()?)
}

fn not_a_name(place: &Place, event: &Value) -> Option<Violation> {
    match stated(place, event) {
        None => Some(is_required(place)),
        Some(value) if name(value).is_none() => Some(must_be_a_name(place)),
        Some(_) => None,
    }
}

fn empty(place: &Place, event: &Value) -> Option<Violation> {
    (place.text(event) == Some("")).then(|| Violation::new(code::MIN_LENGTH, place.pointer(), "must not be empty"))
}

fn derived(event_type: &str, texts: &[String]) -> Cow<'static, str> {
    let parts: Vec<&[u8]> = [event_type.as_bytes()]
        .into_iter()
        .chain(texts.iter().map(String::as_bytes))
        .collect();
    Cow::Owned(ids::derive(PURPOSE, &parts))
}

/// The violation of a member that is missing.
pub(crate) fn is_required(place: &Place) -> Violation {
    Violation::new(code::REQUIRED, place.pointer(), format!("{} is required", place.name()))
}

/// The violation of a member that is no name.
pub(crate) fn must_be_a_name(place: &Place) -> Violation {
    Violation::new(code::TYPE, place.pointer(), "must be a string or an integer")
}
