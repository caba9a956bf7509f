//! Where events state what: their type, id, time, version and key. How the values are spread decides, names only help.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::{
    differences::{Differences, ratio},
    format::{is_address, is_date_time, is_uuid},
    place::{Column, Place, columns},
};

/// Where events state what.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) event_type: Place,
    pub(crate) id: Id,
    pub(crate) time: Option<Place>,
    pub(crate) version: Option<Place>,
    pub(crate) key: Option<Place>,
    /// Where the data of a CloudEvent stands.
    pub(crate) payload: Option<Place>,
}

/// What tells events apart.
#[derive(Debug, Clone)]
pub(crate) enum Id {
    Member(Place),
    Members(Vec<Place>),
    Nothing,
}

/// A member called so is worth more than one level of depth, and less than the right spread of values.
const CALLED: f64 = 3.0;
/// What each object around a member costs.
const DEPTH: f64 = 0.7;

const TYPE_WORDS: [&str; 9] = [
    "type",
    "eventtype",
    "eventname",
    "kind",
    "objectkind",
    "detailtype",
    "messagetype",
    "notificationtype",
    "eventkey",
];
const MAYBE_TYPE_WORDS: [&str; 7] = ["event", "name", "topic", "action", "op", "operation", "channel"];
const ID_WORDS: [&str; 9] = [
    "id",
    "eventid",
    "uuid",
    "guid",
    "messageid",
    "deliveryid",
    "eventuuid",
    "eventguid",
    "eid",
];
const TIME_WORDS: [&str; 12] = [
    "time",
    "timestamp",
    "occurredat",
    "createdat",
    "eventtime",
    "date",
    "datetime",
    "at",
    "ts",
    "publishedat",
    "emittedat",
    "eventdate",
];
const VERSION_WORDS: [&str; 8] = [
    "version",
    "schemaversion",
    "eventversion",
    "dataversion",
    "apiversion",
    "typeversion",
    "payloadversion",
    "v",
];
const KEY_WORDS: [&str; 14] = [
    "key",
    "partitionkey",
    "subject",
    "customerid",
    "userid",
    "accountid",
    "tenantid",
    "tenant",
    "user",
    "customer",
    "account",
    "orderid",
    "entityid",
    "aggregateid",
];

impl Envelope {
    /// The envelope of events; none without a type.
    pub(crate) fn of(documents: &[Value]) -> Option<Self> {
        let columns = columns(documents);
        let differences = Differences::of(documents);
        let event_type = best(&columns, |column| type_score(column, &differences))?;
        let types = event_type.texts()?;
        let others = || columns.iter().filter(|column| column.place != event_type.place);
        let time = best(others(), time_score);
        let version = best(others(), version_score);
        let is_free = |column: &&Column<'_>| {
            [time, version]
                .into_iter()
                .flatten()
                .all(|taken| taken.place != column.place)
        };
        let id = best(others().filter(is_free), |column| id_score(column, &types));
        let of = || others().filter(|column| version.is_none_or(|version| version.place != column.place));
        let id_place = id.map(|column| &column.place);
        let id = match id {
            Some(column) => Id::Member(column.place.clone()),
            None => pair(&of().collect::<Vec<_>>(), time, &types).map_or(Id::Nothing, Id::Members),
        };
        let is_no_id = |column: &&Column<'_>| id_place != Some(&column.place);
        let key = best(others().filter(is_free).filter(is_no_id), key_score);
        let place = |column: &Column<'_>| column.place.clone();
        Some(Self {
            event_type: place(event_type),
            id,
            time: time.map(place),
            version: version.map(place),
            key: key.map(place),
            payload: None,
        })
    }
}

/// The best of the columns that have a score; of equal ones the first.
fn best<'c, 'd>(
    columns: impl IntoIterator<Item = &'c Column<'d>>,
    score: impl Fn(&Column<'d>) -> Option<f64>,
) -> Option<&'c Column<'d>> {
    let mut best: Option<(f64, &Column<'d>)> = None;
    for column in columns {
        if let Some(score) = score(column)
            && best.is_none_or(|(most, _)| score > most)
        {
            best = Some((score, column));
        }
    }
    best.map(|(_, column)| column)
}

fn is_called(column: &Column<'_>, words: &[&str]) -> bool {
    words.contains(&&*column.place.word())
}

#[allow(clippy::cast_precision_loss, reason = "at most a few")]
fn depth(column: &Column<'_>) -> f64 {
    DEPTH * column.place.depth() as f64
}

/// A type is a short text in all events that few different texts stand for, and that says which members an event has.
fn type_score(column: &Column<'_>, differences: &Differences) -> Option<f64> {
    let texts = column.texts()?;
    let is_word = |text: &&str| {
        !text.is_empty() && text.len() <= 128 && !text.contains('\n') && !is_date_time(text) && !is_uuid(text)
    };
    if !texts.iter().all(is_word) {
        return None;
    }
    let distinct = texts.iter().collect::<HashSet<_>>().len();
    let called = if is_called(column, &TYPE_WORDS) {
        CALLED
    } else if is_called(column, &MAYBE_TYPE_WORDS) {
        CALLED / 2.0
    } else {
        0.0
    };
    let constant = if distinct == 1 && texts.len() > 9 { 1.5 } else { 0.0 };
    let score =
        called - depth(column) - constant + 2.0 * differences.explained_by(&texts) - 2.0 * ratio(distinct, texts.len());
    (score >= 1.0).then_some(score)
}

/// An id is a short text or an integer in all events, and another in each of a type.
fn id_score(column: &Column<'_>, types: &[&str]) -> Option<f64> {
    let names = column.names()?;
    let is_plain = |name: &&str| {
        !name.is_empty() && name.len() <= 256 && !is_date_time(name) && !is_address(name) && !name.contains(' ')
    };
    if !names.iter().all(is_plain) || !are_unique(names.iter().zip(types)) {
        return None;
    }
    let word = column.place.word();
    let called = if ID_WORDS.contains(&&*word) {
        CALLED
    } else if word.ends_with("id") || word.ends_with("uuid") {
        CALLED / 2.0
    } else {
        0.0
    };
    let uuid = if names.iter().all(|name| is_uuid(name)) {
        1.5
    } else {
        0.0
    };
    let score = called + uuid - depth(column);
    (score >= 0.8).then_some(score)
}

fn are_unique<T: std::hash::Hash + Eq>(values: impl IntoIterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    values.into_iter().all(|value| seen.insert(value))
}

/// Two members that together tell all events of a type apart, one of them the time if there is one.
fn pair(columns: &[&Column<'_>], time: Option<&Column<'_>>, types: &[&str]) -> Option<Vec<Place>> {
    /// Pairs of more members are not tried: they would be chance.
    const TRIED: usize = 24;
    let is_short = |names: &Vec<&str>| names.iter().all(|name| name.len() <= 256);
    let named = columns
        .iter()
        .filter_map(|column| Some((&column.place, column.names().filter(is_short)?)));
    let mut named: Vec<_> = named.take(TRIED).collect();
    named.sort_by_key(|(place, _)| time.is_none_or(|time| time.place != **place));
    for (at, (first, of_first)) in named.iter().enumerate() {
        for (second, of_second) in &named[at + 1..] {
            if are_unique(of_first.iter().zip(of_second).zip(types)) {
                return Some(vec![(*first).clone(), (*second).clone()]);
            }
        }
    }
    None
}

/// A time is RFC 3339 in all events.
fn time_score(column: &Column<'_>) -> Option<f64> {
    if !column.texts()?.iter().all(|text| is_date_time(text)) {
        return None;
    }
    let word = column.place.word();
    let called = match &*word {
        word if TIME_WORDS.contains(&word) => CALLED,
        word if word.starts_with("updat") || word.starts_with("delet") => 0.0,
        word if word.ends_with("at") || word.ends_with("time") || word.ends_with("date") => CALLED / 2.0,
        _ => 1.0,
    };
    // Deeper in an event are the times of other things.
    let score = called - 1.5 * depth(column);
    (score >= 0.8).then_some(score)
}

/// A version is called so, short, and one of a few; an event may leave it out.
fn version_score(column: &Column<'_>) -> Option<f64> {
    let names = column.optional_names()?;
    let stated: Vec<_> = names.iter().flatten().collect();
    let distinct = stated.iter().collect::<HashSet<_>>().len();
    let is_short = stated.iter().all(|name| !name.is_empty() && name.len() <= 32);
    let is_rare = stated.len() * 2 < names.len();
    (is_called(column, &VERSION_WORDS) && is_short && !is_rare && distinct <= 8)
        .then(|| CALLED - depth(column))
        .filter(|score| *score > 1.0)
}

/// A key is what several events are about, and not all: only its name says so.
fn key_score(column: &Column<'_>) -> Option<f64> {
    let names = column.names()?;
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in &names {
        *counts.entry(name).or_default() += 1;
    }
    let is_shared = counts.len() < names.len() && counts.len() > 1;
    if !is_shared || names.iter().any(|name| name.is_empty() || name.len() > 256) {
        return None;
    }
    let word = column.place.word();
    let called = if KEY_WORDS.contains(&&*word) {
        CALLED
    } else if word.ends_with("id") || word.ends_with("key") {
        CALLED / 2.0
    } else {
        return None;
    };
    let score = called - depth(column);
    (score >= 0.5).then_some(score)
}
