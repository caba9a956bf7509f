//! Makes the events that follow from one that is forwarded. They are judged like any other event, and leave bare on the channels of
//! their types. What they emit themselves is not made here: it is once they come in. Reads no clock: what is made depends on the event.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use crate::contract::Violation;
use crate::document::Form;
use crate::emits::{Copied, Emits, Part, Recur};
use crate::event::Event;
use crate::ids;
use crate::known::KnownType;
use crate::place::Place;
use crate::policy::Policy;
use crate::recurrence::Every;
use crate::time::{EXPECTED, Timestamp};
use crate::version_place::VersionPlace;
use crate::violation::{code, in_order, summary};

/// The next date of a schedule, and what it was found by.
struct Recurrence<'e> {
    next: String,
    previous: &'e str,
    pattern: &'e str,
    /// The day of the month, where it matters.
    anchor: Option<u32>,
}

/// The event from which others follow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause<'e> {
    /// The event, in the version in which it leaves.
    pub(crate) event: &'e Event<'e>,
    /// Tells the event from all others.
    pub(crate) claim: &'e str,
    /// Whether its time is not its own: it came without one.
    pub(crate) is_stamped: bool,
}

impl Policy {
    /// The event that follows from another one; `None`: nothing recurs.
    pub(crate) fn emit(&self, emits: &Emits, cause: Cause<'_>) -> Result<Option<Event<'_>>, Vec<Violation>> {
        let members = cause.event.value.as_object();
        let (Some(members), Some(kind)) = (members, self.event_type(&emits.event_type)) else {
            return Ok(None);
        };
        let mut own = Cow::Borrowed(members);
        let place = self.envelope.time.as_ref();
        if let Some(place) = place.filter(|_| cause.is_stamped && emits.recur.is_some()) {
            place.take(own.to_mut());
        }
        let time = place.and_then(|place| place.find(&own));
        let recurrence = match &emits.recur {
            None => None,
            Some(recur) => match recur
                .recurrence(&own, time.and_then(Value::as_str))
                .map_err(|violation| vec![violation])?
            {
                None => return Ok(None),
                found => found,
            },
        };
        let (id, time) = match emits.recur.as_ref().zip(recurrence.as_ref()) {
            Some((recur, found)) => (found.id(&emits.event_type, recur, &own), Some(found.previous.into())),
            None => (ids::derive(&emits.event_type, &[cause.claim.as_bytes()]), time.cloned()),
        };
        let made = self.made(emits, kind, &own, recurrence.as_ref(), (&id, time));
        let made = made.map_err(|violation| failed(kind, vec![violation]))?;
        let judged = self.judge(made, Form::default());
        judged
            .map(Some)
            .map_err(|rejected| failed(kind, rejected.rejection.violations))
    }

    /// The members of the event.
    fn made(
        &self,
        emits: &Emits,
        kind: &KnownType,
        from: &Map<String, Value>,
        recurrence: Option<&Recurrence<'_>>,
        (id, time): (&str, Option<Value>),
    ) -> Result<Map<String, Value>, Violation> {
        let envelope = &self.envelope;
        let mut made = Map::new();
        if let Some(place) = envelope.id_place() {
            place.set(&mut made, place, id.into())?;
        }
        let event_type = &envelope.event_type;
        let names = self.stated_by_new(kind);
        event_type.set(&mut made, event_type, names.name.clone().into())?;
        let version = envelope.version.as_ref().and_then(VersionPlace::member);
        if let Some((place, version)) = version.zip(names.version.clone()) {
            place.set(&mut made, event_type, version)?;
        }
        for (to, copied) in &emits.copy {
            let value = match copied {
                Copied::From(places) => stated(from, places).map(|(_, value)| value.clone()),
                Copied::Value(value) => Some(value.clone()),
                Copied::Recur(part) => recurrence.and_then(|found| found.part(*part)),
            };
            if let Some(value) = value {
                to.set(&mut made, to, value)?;
            }
        }
        let place = envelope.time.as_ref().filter(|place| place.find(&made).is_none());
        if let Some((place, time)) = place.zip(time) {
            place.set(&mut made, envelope.key_place().unwrap_or(event_type), time)?;
        }
        Ok(made)
    }
}

impl Recur {
    /// The next date; `None`: nothing recurs, or it would be after the year 9999. What states no time was done in time.
    fn recurrence<'e>(
        &self,
        members: &'e Map<String, Value>,
        done: Option<&str>,
    ) -> Result<Option<Recurrence<'e>>, Violation> {
        let Some((_, pattern)) = stated(members, std::slice::from_ref(&self.pattern)) else {
            return Ok(None);
        };
        let Some((pattern, every)) = pattern
            .as_str()
            .and_then(|text| Some((text, *self.patterns.get(text)?)))
        else {
            let known: Vec<&str> = self.patterns.keys().map(String::as_str).collect();
            return Err(unfit(&self.pattern, &format!("must be one of {}", known.join(", "))));
        };
        let Some((place, previous)) = stated(members, &self.from) else {
            return Err(unfit(&self.from[0], "it recurs, and states no date"));
        };
        let Some((text, previous)) = previous.as_str().and_then(|text| Some((text, Timestamp::parse(text)?))) else {
            return Err(unfit(place, &format!("must be {EXPECTED}")));
        };
        let anchor = self.anchor(members, every, &previous)?;
        let done = done.and_then(Timestamp::parse).unwrap_or(previous);
        let next = every.next(&previous, &done, anchor.unwrap_or_default());
        Ok(next.map(|next| Recurrence {
            next,
            previous: text,
            pattern,
            anchor,
        }))
    }

    /// The day of the month on which it recurs, where that matters.
    fn anchor(
        &self,
        members: &Map<String, Value>,
        every: Every,
        previous: &Timestamp<'_>,
    ) -> Result<Option<u32>, Violation> {
        if !every.has_anchor() {
            return Ok(None);
        }
        let stated = self
            .anchor
            .as_ref()
            .and_then(|place| stated(members, std::slice::from_ref(place)));
        let Some((place, day)) = stated else {
            return Ok(Some(previous.day()));
        };
        let day = day.as_number().and_then(|number| number.as_str().parse().ok());
        match day {
            Some(day @ 1..=31) => Ok(Some(day)),
            _ => Err(unfit(place, "must be a day of the month, from 1 to 31")),
        }
    }
}

impl Recurrence<'_> {
    fn part(&self, part: Part) -> Option<Value> {
        match part {
            Part::Next => Some(self.next.clone().into()),
            Part::Previous => Some(self.previous.into()),
            Part::Pattern => Some(self.pattern.into()),
            Part::Anchor => Some(Number::from(self.anchor?).into()),
        }
    }

    /// The id: of the type, of what recurs, of the pattern, of the anchor and of the previous date alone.
    fn id(&self, event_type: &str, recur: &Recur, members: &Map<String, Value>) -> String {
        let of = recur.of.iter();
        let of = of.map(|place| place.find(members).map(Value::to_string).unwrap_or_default());
        let anchor = self.anchor.map(|day| day.to_string()).unwrap_or_default();
        let parts = [self.pattern.to_owned(), anchor, self.previous.to_owned()];
        let parts: Vec<String> = parts.into_iter().chain(of).collect();
        let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
        ids::derive(event_type, &parts)
    }
}

/// The first of these members that is there and not null.
fn stated<'p, 'e>(members: &'e Map<String, Value>, places: &'p [Place]) -> Option<(&'p Place, &'e Value)> {
    let found = |place: &'p Place| Some((place, place.find(members).filter(|value| !value.is_null())?));
    places.iter().find_map(found)
}

fn unfit(place: &Place, problem: &str) -> Violation {
    Violation::new(code::EMIT_FAILED, place.pointer(), problem)
}

/// The violations of an event that could not be made, and what they are of.
pub(crate) fn failed(kind: &KnownType, mut violations: Vec<Violation>) -> Vec<Violation> {
    let message = format!(
        "the {} that follows from it is not valid: {}",
        kind.name,
        summary(&violations[..violations.len().min(1)])
    );
    violations.push(Violation::new(code::EMIT_FAILED, "", message));
    in_order(violations)
}
