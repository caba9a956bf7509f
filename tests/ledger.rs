//! What really arrived, compared with what must become of each event: its outputs or a dead letter, never neither and never
//! both; and every repeat the same as the first. Sinks refuse so seldom that no valid event is dead-lettered.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use serde_json::Value;

use crate::{
    letter::Letter,
    workload::{Event, Fate, Workload, is_as_wanted},
};

/// Problems that are shown.
const SHOWN: usize = 12;

/// What must become of a workload.
#[derive(Debug)]
pub struct Ledger<'a> {
    workload: &'a Workload,
    /// Where each record lies, as dead letters name it.
    sources: Vec<String>,
}

/// The result.
#[derive(Debug, Default, Clone)]
pub struct Balance {
    /// Records that were produced.
    pub records: usize,
    /// Different events among them.
    pub events: usize,
    /// Different outputs that were taken.
    pub outputs: usize,
    /// Different dead letters.
    pub dead_letters: usize,
    /// Outputs, dead letters and alerts that came more than once.
    pub repeats: usize,
    /// Events of which nothing came.
    pub lost: Vec<String>,
    /// Whatever else is wrong.
    pub wrong: Vec<String>,
}

/// An output as a sink took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its id.
    pub id: String,
    /// Its type.
    pub event_type: String,
    /// Its key.
    pub key: String,
    /// Its event, byte for byte.
    pub data: Vec<u8>,
}

/// What arrived, in any order.
#[derive(Debug, Clone, Default)]
pub struct Arrived {
    /// Outputs that were taken.
    pub outputs: Vec<Output>,
    /// Dead letters.
    pub letters: Vec<Letter>,
    /// The dead letters that operations were notified of.
    pub ops: Vec<String>,
    /// The dead letters that users were notified of.
    pub users: Vec<String>,
}

impl<'a> Ledger<'a> {
    /// For a workload whose records lie there.
    pub fn new(workload: &'a Workload, sources: Vec<String>) -> Self {
        Self { workload, sources }
    }

    /// Compares what arrived with what must have.
    pub fn balance(&self, arrived: &Arrived) -> Balance {
        let mut balance = Balance {
            records: self.sources.len(),
            events: self.workload.events.len(),
            ..Balance::default()
        };
        let outputs = distinct(
            &arrived.outputs,
            |output| &output.id,
            |output| &output.data,
            &mut balance,
        );
        let letters = distinct(
            &arrived.letters,
            |letter| &letter.id,
            |letter| &letter.original,
            &mut balance,
        );
        let by_source: HashMap<&str, &Letter> = letters.values().map(|l| (l.source.as_str(), *l)).collect();
        let followers = followers(&outputs);
        let (mut known_outputs, mut known_letters) = (BTreeSet::new(), BTreeSet::new());
        for (record, source) in self.workload.order.iter().zip(&self.sources) {
            let event = &self.workload.events[*record];
            let letter = by_source.get(source.as_str()).copied();
            if let Some(letter) = letter {
                known_letters.insert(letter.id.as_str());
                if letter.original != event.bytes {
                    balance
                        .wrong
                        .push(format!("{source}: its dead letter has something else"));
                }
            }
            let found = found(event, letter, &outputs, &followers);
            known_outputs.extend(found.outputs);
            balance.lost.extend(found.lost.map(|what| format!("{source}: {what}")));
            balance
                .wrong
                .extend(found.wrong.map(|what| format!("{source}: {what}")));
        }
        let strangers = outputs.keys().filter(|id| !known_outputs.contains(*id));
        balance.wrong.extend(strangers.map(|id| format!("nobody sent {id}")));
        let strangers = letters.keys().filter(|id| !known_letters.contains(*id));
        balance
            .wrong
            .extend(strangers.map(|id| format!("nobody's dead letter {id}")));
        alerts(&letters, arrived, &mut balance);
        balance.outputs = outputs.len();
        balance.dead_letters = letters.len();
        balance
    }
}

impl Balance {
    /// Whether every event was published or dead-lettered, as it must be.
    pub fn is_right(&self) -> bool {
        self.lost.is_empty() && self.wrong.is_empty()
    }
}

/// What became of one record.
#[derive(Default)]
struct Found<'a> {
    outputs: Vec<&'a str>,
    lost: Option<String>,
    wrong: Option<String>,
}

fn found<'a>(
    event: &'a Event,
    letter: Option<&Letter>,
    outputs: &BTreeMap<&'a str, &'a Output>,
    followers: &HashMap<String, Vec<&'a str>>,
) -> Found<'a> {
    let mut found = Found::default();
    match &event.fate {
        Fate::DeadLetter(code) => match letter {
            None => found.lost = Some(format!("no dead letter with {code}")),
            Some(letter) if letter.code.as_deref() != Some(code) => {
                found.wrong = Some(format!("a dead letter with {:?} instead of {code}", letter.code));
            }
            Some(_) => {}
        },
        Fate::Outputs { id, data, recurs } => {
            let output = outputs.get(id.as_str());
            let followers = followers.get(&task(data)).map(Vec::as_slice).unwrap_or_default();
            found.outputs = followers.to_vec();
            found.outputs.extend(output.map(|_| id.as_str()));
            match (output, letter) {
                (Some(_), Some(_)) => found.wrong = Some(format!("{id}: output and dead letter")),
                (None, Some(letter)) => {
                    let Letter {
                        code,
                        error,
                        retry_count,
                        ..
                    } = letter;
                    found.wrong = Some(format!(
                        "{id}: dead-lettered ({code:?}) after {retry_count} retries: {error}"
                    ));
                }
                (None, None) => found.lost = Some(format!("{id}: neither output nor dead letter")),
                (Some(output), None) => {
                    if !is_as_wanted(&output.data, data) {
                        let sent = String::from_utf8_lossy(&output.data);
                        found.wrong = Some(format!("{id}: another event was published: {sent}"));
                    } else if output.key != event.key {
                        found.wrong = Some(format!("{id}: published with the key {:?}", output.key));
                    } else if followers.len() < usize::from(*recurs) {
                        found.lost = Some(format!("{id}: its second output"));
                    } else if followers.len() > usize::from(*recurs) {
                        found.wrong = Some(format!("{id}: {} further outputs", followers.len()));
                    }
                }
            }
        }
    }
    found
}

/// The outputs that follow from others, by the task of both.
fn followers<'a>(outputs: &BTreeMap<&'a str, &'a Output>) -> HashMap<String, Vec<&'a str>> {
    let mut followers: HashMap<String, Vec<&'a str>> = HashMap::new();
    for (id, output) in outputs {
        if output.event_type == "task.occurrence-requested" {
            followers.entry(task(&output.data)).or_default().push(id);
        }
    }
    followers
}

/// The digits of the task that an event is of.
fn task(data: &[u8]) -> String {
    let data: Value = serde_json::from_slice(data).unwrap_or_default();
    data["task_id"].to_string()
}

/// One of each id; the others are counted as repeats, and must have the same bytes.
fn distinct<'a, T>(
    arrived: &'a [T],
    id: impl Fn(&T) -> &String,
    bytes: impl Fn(&T) -> &Vec<u8>,
    balance: &mut Balance,
) -> BTreeMap<&'a str, &'a T> {
    let mut distinct: BTreeMap<&str, &T> = BTreeMap::new();
    for one in arrived {
        match distinct.get(id(one).as_str()) {
            None => {
                distinct.insert(id(one), one);
            }
            Some(first) => {
                balance.repeats += 1;
                if bytes(first) != bytes(one) {
                    balance.wrong.push(format!("{}: a repeat with other bytes", id(one)));
                }
            }
        }
    }
    distinct
}

/// Operations are notified of every dead letter, users of those about their reminders.
fn alerts(letters: &BTreeMap<&str, &Letter>, arrived: &Arrived, balance: &mut Balance) {
    let everyone: BTreeSet<&str> = letters.keys().copied().collect();
    let of_users: BTreeSet<&str> = letters
        .values()
        .filter(|letter| concerns_user(&letter.original))
        .map(|letter| letter.id.as_str())
        .collect();
    for (whom, wanted, alerts) in [
        ("operations", everyone, &arrived.ops),
        ("the user", of_users, &arrived.users),
    ] {
        let found: BTreeSet<&str> = alerts.iter().map(String::as_str).collect();
        balance.repeats += alerts.len() - found.len();
        let missing = wanted.difference(&found);
        balance
            .lost
            .extend(missing.map(|id| format!("{id}: no alert for {whom}")));
        let extra = found.difference(&wanted);
        balance
            .wrong
            .extend(extra.map(|id| format!("{id}: an alert for {whom}")));
    }
}

fn concerns_user(original: &[u8]) -> bool {
    // A member twice makes the original unreadable, and nobody knows its type.
    let text = String::from_utf8_lossy(original);
    let Ok(event) = serde_json::from_str::<Value>(&text) else {
        return false;
    };
    let is_reminder = event["event_type"]
        .as_str()
        .is_some_and(|name| name.starts_with("reminder."));
    is_reminder && text.matches(r#""user_id""#).count() < 2
}

impl fmt::Display for Balance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} records of {} events in, {} outputs, {} dead letters, {} repeats, {} lost",
            self.records,
            self.events,
            self.outputs,
            self.dead_letters,
            self.repeats,
            self.lost.len()
        )?;
        for (what, lines) in [("lost", &self.lost), ("wrong", &self.wrong)] {
            for line in lines.iter().take(SHOWN) {
                write!(out, "\n{what}: {line}")?;
            }
            if lines.len() > SHOWN {
                write!(out, "\n{what}: {} more", lines.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
