//! The event types of documents, and their versions, with the events of each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{envelope::Envelope, shape::Shape};

/// The version of events that state none.
const ONLY_VERSION: &str = "1";

/// One event type.
#[derive(Debug)]
pub(crate) struct Seen<'d> {
    /// Its versions, oldest first; at least one.
    pub(crate) versions: Vec<String>,
    /// Its events in the order of the samples, each with the index of its version.
    events: Vec<(usize, &'d Value)>,
}

impl Seen<'_> {
    /// How many events there are.
    pub(crate) fn count(&self) -> usize {
        self.events.len()
    }

    /// How many events of a version there are.
    pub(crate) fn count_of(&self, version: usize) -> usize {
        self.events.iter().filter(|(of, _)| *of == version).count()
    }

    /// What was seen in the events of some versions.
    pub(crate) fn shape(&self, is_one: impl Fn(usize) -> bool) -> Shape {
        let mut shape = Shape::default();
        let events = self.events.iter().filter(|(of, _)| is_one(*of));
        events.for_each(|(_, event)| shape.see(event));
        shape
    }

    /// The shortest event of a version.
    pub(crate) fn example(&self, version: usize) -> &Value {
        let events = self.events.iter().filter(|(of, _)| *of == version);
        let shortest = events.min_by_key(|(_, event)| event.to_string().len());
        shortest.map_or(&Value::Null, |(_, event)| event)
    }
}

/// The types by their names. Events that state no version are of the oldest one.
pub(crate) fn seen<'d>(documents: &'d [Value], envelope: &Envelope) -> BTreeMap<String, Seen<'d>> {
    let mut types: BTreeMap<String, Vec<(Option<Age>, &Value)>> = BTreeMap::new();
    for document in documents {
        let name = envelope.event_type.find(document).and_then(Value::as_str);
        let stated = envelope.version.as_ref().and_then(|place| place.find(document));
        let stated = stated.map(|stated| stated.as_str().map_or_else(|| stated.to_string(), str::to_owned));
        let events = types.entry(name.unwrap_or_default().to_owned()).or_default();
        events.push((stated.map(Age::of), document));
    }
    let seen = |(name, events): (String, Vec<(Option<Age>, &'d Value)>)| {
        let ages: BTreeSet<Age> = events.iter().filter_map(|(age, _)| age.clone()).collect();
        let index = |age: &Age| ages.iter().position(|other| other == age);
        let of = |(age, event): (Option<Age>, &'d Value)| (age.as_ref().and_then(index).unwrap_or(0), event);
        let events = events.into_iter().map(of).collect();
        let mut versions: Vec<_> = ages.iter().map(|age| age.name.clone()).collect();
        if versions.is_empty() {
            versions.push(ONLY_VERSION.to_owned());
        }
        (name, Seen { versions, events })
    };
    types.into_iter().map(seen).collect()
}

/// How old a version is, as far as its name tells: numbers by their values, so that 1.10 is newer than 1.9.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Age {
    parts: Vec<(u64, String)>,
    name: String,
}

impl Age {
    fn of(name: String) -> Self {
        let part = |part: &str| {
            let number = part.trim_start_matches(['v', 'V']).parse();
            number.map_or_else(|_| (u64::MAX, part.to_owned()), |number| (number, String::new()))
        };
        Self {
            parts: name.split(['.', '-']).map(part).collect(),
            name,
        }
    }
}
