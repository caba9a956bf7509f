//! Events of mixed kinds, the same in every run, and what must become of each. Knows the events and the promises, nothing
//! of services.

use serde_json::json;
use tidegate_harness::Record;

/// The types that producers send.
pub const TYPES: [&str; 7] = [
    "task.created",
    "task.updated",
    "reminder.due",
    "task.deleted",
    "reminder.scheduled",
    "task.completed",
    "reminder.cancelled",
];

const USERS: usize = 40;

/// A task whose number no double can hold.
const TASK: u64 = 9_007_199_254_740_993;

const TIMESTAMP: &str = r#""timestamp":"2026-03-01T09:30:00Z","#;

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    /// As its producer writes it.
    pub bytes: Vec<u8>,
    /// The user, which is the record's key.
    pub key: String,
    /// What must become of it.
    pub fate: Fate,
}

/// What must become of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is sent.
    Outputs {
        /// Its id, which is the output's.
        id: String,
        /// The event in the version in which it leaves; without a timestamp where the policy adds the time to judge by.
        data: Vec<u8>,
        /// Whether a second output follows from it.
        recurs: bool,
    },
    /// It becomes a dead letter with this as its first violation.
    DeadLetter(&'static str),
}

/// Events, and the records that carry them.
#[derive(Debug)]
pub struct Workload {
    /// The events, all different.
    pub events: Vec<Event>,
    /// The event of each record; a repeat is a second record of the same event.
    pub order: Vec<usize>,
}

impl Workload {
    /// Makes `records` records. Ids begin with `name`, so that tests that share a state store do not meet.
    pub fn new(name: &str, records: usize) -> Self {
        let mut load = Self {
            events: Vec::new(),
            order: Vec::new(),
        };
        for number in 0..records {
            if number % 17 == 16 {
                // The one before the last: it is in progress, or just done.
                load.order.push(load.order[number - 2]);
                continue;
            }
            let event = if number % 29 == 28 {
                load.used_id(number)
            } else if number % 11 == 10 {
                invalid(name, number)
            } else {
                valid(name, number)
            };
            load.order.push(load.events.len());
            load.events.push(event);
        }
        load
    }

    /// The records to be produced, in order.
    pub fn records(&self) -> Vec<Record> {
        let events = self.order.iter().map(|event| &self.events[*event]);
        events
            .map(|event| Record::new(event.bytes.clone()).key(event.key.clone()))
            .collect()
    }

    /// How many outputs it must lead to.
    pub fn outputs(&self) -> usize {
        let outputs = self.events.iter().map(|event| match &event.fate {
            Fate::Outputs { recurs, .. } => 1 + usize::from(*recurs),
            Fate::DeadLetter(_) => 0,
        });
        outputs.sum()
    }

    /// Another event with the id of an earlier one of the same user.
    fn used_id(&self, number: usize) -> Event {
        let earlier = self.events.iter().rev().skip(3);
        let victim = earlier
            .filter(|event| matches!(event.fate, Fate::Outputs { .. }))
            .map(|event| (String::from_utf8_lossy(&event.bytes).into_owned(), event.key.clone()))
            .next();
        let (text, key) = victim.unwrap_or_else(|| unreachable!("28 records hold a valid event"));
        let payload = format!(r#""payload":{{"forged":{number},"#);
        Event {
            bytes: text.replacen(r#""payload":{"#, &payload, 1).into_bytes(),
            key,
            fate: Fate::DeadLetter("id-conflict"),
        }
    }
}

/// Whether an output is the event in the version in which it leaves.
pub fn is_as_wanted(output: &[u8], wanted: &[u8]) -> bool {
    if output == wanted {
        return true;
    }
    let (output, wanted) = (String::from_utf8_lossy(output), String::from_utf8_lossy(wanted));
    let added = output.split_once(r#""timestamp":""#).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(r#"","#)?;
        Some([before, after].concat())
    });
    !wanted.contains(r#""timestamp""#) && added.is_some_and(|without| without == wanted)
}

fn user(number: usize) -> String {
    format!("user-{}", number % USERS)
}

/// A valid event of a type and a version.
pub fn valid_event(id: &str, event_type: &str, version: &str, user: &str, payload: &str) -> String {
    let new_field = if version == "1.1" { r#","new_field":null"# } else { "" };
    format!(
        r#"{{"event_id":"{id}","event_type":"{event_type}","event_version":"{version}","task_id":{TASK},"user_id":"{user}","timestamp":"2026-03-01T09:30:00Z","payload":{{{payload}{new_field}}}}}"#
    )
}

fn valid(name: &str, number: usize) -> Event {
    let event_type = TYPES[number % TYPES.len()];
    let (id, user) = (format!("{name}-{number}"), user(number));
    let recurs = event_type == "task.completed" && number.is_multiple_of(2);
    let payload = if recurs {
        r#""title":"Water the plants, <b>&amp;</b> é","recurring_pattern":"MONTHLY","due_date":"2026-02-28T09:30:00Z""#
    } else {
        r#""note":1.10"#
    };
    // Without a timestamp the time to judge by counts, which must be the same for a repeat.
    let timed = |event: String| {
        if recurs && number.is_multiple_of(4) {
            event.replace(TIMESTAMP, "")
        } else {
            event
        }
    };
    // A task of its own, since a task that is completed twice asks for one occurrence.
    let task = (TASK + u64::try_from(number).unwrap_or_default()).to_string();
    let timed = |event: String| timed(event).replace(&TASK.to_string(), &task);
    let version = if number.is_multiple_of(3) { "1.1" } else { "1.0" };
    Event {
        bytes: timed(valid_event(&id, event_type, version, &user, payload)).into_bytes(),
        fate: Fate::Outputs {
            data: timed(valid_event(&id, event_type, "1.1", &user, payload)).into_bytes(),
            id,
            recurs,
        },
        key: user,
    }
}

fn invalid(name: &str, number: usize) -> Event {
    let (id, user) = (format!("{name}-{number}"), user(number));
    let valid = valid_event(&id, "reminder.due", "1.0", &user, r#""reminder_id":7"#);
    let (bytes, code) = match number / 11 % 10 {
        0 => (valid.replace(&TASK.to_string(), r#""123""#), "type"),
        1 => (valid.replace("reminder.due", "task.archived"), "unknown-event-type"),
        2 => (valid.replace(r#""1.0""#, r#""2.0""#), "unknown-version"),
        3 => (format!("not an event, number {number}, of {name}"), "not-json"),
        4 => (
            valid.replace(r#""task_id""#, r#""user_id":"someone-else","task_id""#),
            "duplicate-member",
        ),
        5 => (json!([id]).to_string(), "not-an-object"),
        6 => (valid.replace("2026-03-01T", "2026-02-30T"), "format"),
        7 => (valid.replace(&format!(r#""user_id":"{user}","#), ""), "required"),
        8 => {
            let due = r#""recurring_pattern":"DAILY","previous_due":"2026-03-01T09:30:00Z","next_due":"2026-03-02T09:30:00Z""#;
            let event = valid_event(&id, "task.occurrence-requested", "1.0", &user, due);
            (event, "emitted-only")
        }
        _ => {
            let bytes = [&b"\xff\xfe\x00"[..], id.as_bytes()].concat();
            return dead(bytes, user, "not-utf8");
        }
    };
    dead(bytes.into_bytes(), user, code)
}

fn dead(bytes: Vec<u8>, key: String, code: &'static str) -> Event {
    Event {
        bytes,
        key,
        fate: Fate::DeadLetter(code),
    }
}
