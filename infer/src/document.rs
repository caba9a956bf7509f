//! The documents of samples: each event as it looks bare, with the attributes of a CloudEvent at the places of the members for which
//! they stand.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use crate::{
    envelope::{Envelope, Id},
    error::InferError,
    format::is_date_time,
    place::Place,
    sample::Sample,
};

/// What a producer may call the attribute of a version; the specification names none.
const VERSION_ATTRIBUTES: [&str; 4] = ["dataversion", "schemaversion", "eventversion", "version"];
/// How much of its members the data of a CloudEvent has in common with a member of the bare events, to be the same.
const COMMON: f64 = 0.5;

/// The documents of all samples.
#[derive(Debug)]
pub(crate) struct Documents {
    pub(crate) envelope: Envelope,
    /// The attributes that stand for members.
    pub(crate) attributes: Attributes,
    /// Without repeats.
    pub(crate) values: Vec<Value>,
}

/// The attributes that stand for members; none when all events are bare.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Attributes {
    pub(crate) id: Option<&'static str>,
    pub(crate) event_type: Option<&'static str>,
    pub(crate) version: Option<&'static str>,
    pub(crate) key: Option<&'static str>,
    pub(crate) time: Option<&'static str>,
}

impl Documents {
    /// Of all samples.
    pub(crate) fn of(samples: &[Sample]) -> Result<Self, InferError> {
        let (bare, events): (Vec<&Sample>, Vec<&Sample>) = samples.iter().partition(|sample| sample.is_bare());
        let bare = unique(bare.iter().map(|sample| sample.event.clone()));
        let mut envelope = if bare.is_empty() {
            around(&events)
        } else {
            let mut envelope = Envelope::of(&bare).ok_or(InferError::NoType)?;
            envelope.payload = payload(&bare, &events);
            envelope
        };
        let attributes = Attributes::of(&mut envelope, &events);
        let laid = events.iter().map(|sample| attributes.document(&envelope, sample));
        Ok(Self {
            values: unique(bare.into_iter().chain(laid)),
            attributes,
            envelope,
        })
    }
}

/// The envelope of CloudEvents alone: what the attributes state, beside the data.
fn around(events: &[&Sample]) -> Envelope {
    let place = |name: &str| Place::of(&[name]);
    let version = VERSION_ATTRIBUTES.into_iter().find(|name| {
        let having = events.iter().filter(|event| event.attribute(name).is_some());
        having.count() * 2 >= events.len()
    });
    let subjects: HashSet<_> = events.iter().map(|event| event.attribute("subject")).collect();
    let is_key = subjects.len() > 1 && subjects.len() < events.len();
    Envelope {
        event_type: place("type"),
        id: Id::Member(place("id")),
        time: Some(place("time")),
        version: version.map(place),
        key: is_key.then(|| place("subject")),
        payload: Some(place("data")),
    }
}

/// The member of the bare events that the data of CloudEvents is; none: it is a whole bare event.
fn payload(bare: &[Value], events: &[&Sample]) -> Option<Place> {
    let names = |values: &mut dyn Iterator<Item = &Value>| -> BTreeSet<String> {
        let objects = values.filter_map(Value::as_object);
        objects.flat_map(|members| members.keys().cloned()).collect()
    };
    let data = names(&mut events.iter().map(|event| &event.event));
    let common = |other: &BTreeSet<String>| {
        let both = data.intersection(other).count();
        crate::differences::ratio(both, data.union(other).count())
    };
    let whole = common(&names(&mut bare.iter()));
    let members = bare.first()?.as_object()?.keys();
    let similar = members.filter_map(|name| {
        let inside = || bare.iter().map(|event| event.get(name).unwrap_or(&Value::Null));
        let common = inside().all(Value::is_object).then(|| common(&names(&mut inside())))?;
        (common >= COMMON && common > whole).then_some((common, name))
    });
    let best = similar.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, name)| Place::of(&[name]))
}

impl Attributes {
    /// The attributes for the places of an envelope. What events need and some CloudEvents do not state is taken out of the envelope.
    fn of(envelope: &mut Envelope, events: &[&Sample]) -> Self {
        if events.is_empty() {
            return Self::default();
        }
        let all_have = |name: &str| events.iter().all(|event| event.attribute(name).is_some());
        let are_times = events
            .iter()
            .filter_map(|event| event.attribute("time"))
            .all(is_date_time);
        envelope.key.take_if(|_| !all_have("subject"));
        envelope.time.take_if(|_| !all_have("time") || !are_times);
        let stands = |is_named: bool, attribute: &'static str| is_named.then_some(attribute);
        let version = VERSION_ATTRIBUTES.into_iter();
        let mut version = version.filter(|name| events.iter().any(|event| event.attribute(name).is_some()));
        Self {
            id: stands(matches!(envelope.id, Id::Member(_)), "id"),
            event_type: Some("type"),
            version: version.next().filter(|_| envelope.version.is_some()),
            key: stands(envelope.key.is_some(), "subject"),
            time: stands(envelope.time.is_some(), "time"),
        }
    }

    fn document(&self, envelope: &Envelope, sample: &Sample) -> Value {
        let mut document = match (&envelope.payload, &sample.event) {
            (None, Value::Object(members)) => members.clone(),
            _ => Map::new(),
        };
        let id = match &envelope.id {
            Id::Member(place) => Some(place),
            Id::Members(_) | Id::Nothing => None,
        };
        let stated = [
            (self.id, id),
            (self.event_type, Some(&envelope.event_type)),
            (self.version, envelope.version.as_ref()),
            (self.key, envelope.key.as_ref()),
            (self.time, envelope.time.as_ref()),
        ];
        for (attribute, place) in stated {
            let value = attribute.and_then(|name| sample.attribute(name));
            if let (Some(value), Some(place)) = (value, place) {
                place.set(&mut document, value.into());
            }
        }
        if let Some(place) = &envelope.payload {
            place.set(&mut document, sample.event.clone());
        }
        document.into()
    }
}

/// An event that was delivered twice is one.
fn unique(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    values.filter(|value| seen.insert(value.to_string())).collect()
}
