//! Events that differ from a sample in one member.
//!
//! Counted are, in each event: every member that all objects at its place have, in all events of the type, removed; and every scalar,
//! replaced by a value of another JSON type. The items of an array share a place. The version of the CloudEvents specification, without
//! which a line is no CloudEvent, is left alone, and so is the `source`.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

/// A step into an object or an array.
#[derive(Debug, Clone)]
enum Step {
    Member(String),
    Item(usize),
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Remove,
    Replace,
}

/// All mutations of some events.
#[derive(Debug)]
pub(crate) struct Mutations<'e> {
    events: &'e [Value],
    of_each: Vec<Vec<(Vec<Step>, Change)>>,
}

/// A place, with `*` for any item.
type Place = String;

/// How many objects stand at a place, and how many of them have each member.
type Counts = HashMap<Place, (usize, HashMap<String, usize>)>;

impl<'e> Mutations<'e> {
    pub(crate) fn of(events: &'e [Value], event_type: impl Fn(&Value) -> String) -> Self {
        let mut counts: HashMap<String, Counts> = HashMap::new();
        for event in events {
            count(event, "", counts.entry(event_type(event)).or_default());
        }
        let all = |event: &Value| {
            let counts = &counts[&event_type(event)];
            let in_all: HashSet<Place> = counts
                .iter()
                .flat_map(|(place, (objects, members))| {
                    let always = members.iter().filter(move |(_, count)| *count == objects);
                    always.map(move |(name, _)| format!("{place}/{name}"))
                })
                .collect();
            let mut found = Vec::new();
            collect(event, &mut Vec::new(), "", &in_all, &mut found);
            found
        };
        Self {
            events,
            of_each: events.iter().map(all).collect(),
        }
    }

    /// Some mutations of an event, as lines.
    pub(crate) fn some(&self, at: usize, count: usize, seed: &mut Seed) -> Vec<String> {
        let mut left = self.of_each[at].clone();
        let mut lines = Vec::new();
        while lines.len() < count && !left.is_empty() {
            let (path, change) = left.swap_remove(seed.below(left.len()));
            let mut event = self.events[at].clone();
            apply(&mut event, &path, change, seed);
            lines.push(event.to_string());
        }
        lines
    }
}

fn count(value: &Value, place: &str, counts: &mut Counts) {
    match value {
        Value::Object(members) => {
            let (objects, having) = counts.entry(place.to_owned()).or_default();
            *objects += 1;
            for name in members.keys() {
                *having.entry(name.clone()).or_default() += 1;
            }
            for (name, inside) in members {
                count(inside, &format!("{place}/{name}"), counts);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| count(item, &format!("{place}/*"), counts)),
        _ => {}
    }
}

fn collect(
    value: &Value,
    path: &mut Vec<Step>,
    place: &str,
    in_all: &HashSet<Place>,
    found: &mut Vec<(Vec<Step>, Change)>,
) {
    let mut inside = |step: Step, place: &str, value: &Value| {
        path.push(step);
        collect(value, path, place, in_all, found);
        path.pop();
    };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let place = format!("{place}/{name}");
                if place != "/specversion" && place != "/source" {
                    inside(Step::Member(name.clone()), &place, value);
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                inside(Step::Item(at), &format!("{place}/*"), item);
            }
        }
        _ => found.push((path.clone(), Change::Replace)),
    }
    if matches!(path.last(), Some(Step::Member(_))) && in_all.contains(place) {
        found.push((path.clone(), Change::Remove));
    }
}

fn apply(event: &mut Value, path: &[Step], change: Change, seed: &mut Seed) {
    let (last, parents) = path.split_last().expect("a member");
    let mut inside = event;
    for step in parents {
        inside = step.of(inside);
    }
    match (last, change) {
        (Step::Member(name), Change::Remove) => drop(inside.as_object_mut().expect("an object").shift_remove(name)),
        (step, _) => {
            let value = step.of(inside);
            let others = [json!("x"), json!(7.5), json!(true), json!(null), json!({}), json!([])];
            let mut others: Vec<_> = others.into_iter().filter(|other| kind(other) != kind(value)).collect();
            *value = others.swap_remove(seed.below(others.len()));
        }
    }
}

fn kind(value: &Value) -> std::mem::Discriminant<Value> {
    std::mem::discriminant(value)
}

impl Step {
    fn of<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        match self {
            Self::Member(name) => &mut value[name.as_str()],
            Self::Item(at) => &mut value[*at],
        }
    }
}

/// A generator of numbers (splitmix64), the same on every run.
#[derive(Debug)]
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bits = usize::try_from((bits ^ (bits >> 31)) >> 33).expect("31 bits");
        bits % most
    }
}
