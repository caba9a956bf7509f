//! Topics: append-only lists of records, each read by the gate from its own offset on.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::Serialize;

use super::{Db, SqliteError};
use crate::{
    revision::Label,
    pipeline::{Disposition, Report},
};

/// A record of a topic.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The partition key.
    pub key: Option<String>,
    /// Id of the event, where whoever sent it said so.
    pub id: Option<String>,
    /// Type of the event, where whoever sent it said so.
    pub event_type: Option<String>,
    /// The record that this one came from, such as `task-events@12`.
    pub source: Option<String>,
    /// When it was appended, RFC 3339.
    pub at: String,
    /// The event.
    pub value: Vec<u8>,
    /// The revision of the gate that sent it, where a gate did.
    pub label: Option<Label>,
}

/// A record in its place.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its place, from 0.
    pub offset: i64,
    /// The record.
    pub record: Record,
    /// What the gate made of it; `None`: not judged.
    pub judged: Option<Judged>,
}

/// What the gate made of a record.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// `forward`, `drop`, `reject`, `duplicate`, `held`, `dead-letter-held` or
    /// `given-up`.
    pub decided: String,
    /// Why, in one line.
    pub reason: String,
    /// Number of the revision that judged it; absent in what an earlier version wrote.
    pub revision: Option<u64>,
    /// Digest of the policy that judged it.
    pub policy: String,
}

impl Judged {
    /// From the end that a delivery came to.
    pub(super) fn of(report: &Report) -> Self {
        Self {
            decided: report.disposition.as_str().to_owned(),
            reason: report.reason.clone(),
            revision: Some(report.label.number),
            policy: report.label.digest.clone(),
        }
    }
}

/// What an end that passes, such as `held`, takes the place of. A true end takes that of any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Another one that passes.
    Passing,
    /// None: what is there is newer.
    Nothing,
}

/// Ends that another one follows, or that say nothing of the event itself.
const PASSING: [Disposition; 3] = [Disposition::Scheduled, Disposition::DeadLetterScheduled, Disposition::Duplicate];

impl Judged {
    /// Writes down what became of a record.
    pub(super) fn note(&self, connection: &Connection, topic: &str, offset: i64, over: Over) -> rusqlite::Result<()> {
        let [held, dead_letter_held, duplicate] = PASSING.map(Disposition::as_str);
        let passes = PASSING.map(Disposition::as_str).contains(&&*self.decided);
        connection
            .prepare_cached(
                "INSERT INTO judged (topic, offset, decided, reason, revision, policy) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (topic, offset) DO UPDATE SET decided = excluded.decided, reason = excluded.reason,
                     revision = excluded.revision, policy = excluded.policy
                 WHERE ?7 OR (?8 AND judged.decided IN (?9, ?10, ?11))",
            )?
            .execute(params![
                topic,
                offset,
                self.decided,
                self.reason,
                self.revision.map(u64::cast_signed),
                self.policy,
                !passes,
                over == Over::Passing,
                held,
                dead_letter_held,
                duplicate,
            ])
            .map(drop)
    }
}

/// Where records were put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Place of the first of them.
    pub first_offset: i64,
    /// How many there are.
    pub count: usize,
}

/// A topic at a glance.
#[derive(Debug, Clone, Serialize)]
pub struct TopicInfo {
    /// Its name.
    pub topic: String,
    /// How many records it has.
    pub records: i64,
    /// How many of them the gate has acknowledged; `None`: nobody reads it.
    pub acknowledged: Option<i64>,
}

const COLUMNS: &str = "r.offset, r.key, r.id, r.type, r.source, r.at, r.value, r.revision, r.policy, \
     j.decided, j.reason, j.revision, j.policy";
const JUDGED: &str = "LEFT JOIN judged j ON j.topic = r.topic AND j.offset = r.offset";

impl Db {
    /// Appends records in one transaction.
    pub async fn append(&self, topic: &str, records: Vec<Record>) -> Result<Appended, SqliteError> {
        let topic = topic.to_owned();
        let appended = self
            .run(move |connection| {
                let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let first_offset: i64 = transaction
                    .prepare_cached("SELECT coalesce(max(offset) + 1, 0) FROM records WHERE topic = ?1")?
                    .query_row([&topic], |row| row.get(0))?;
                {
                    let mut insert = transaction.prepare_cached(
                        "INSERT INTO records (topic, offset, key, id, type, source, at, value, revision, policy)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    )?;
                    for (offset, r) in (first_offset..).zip(&records) {
                        insert.execute(params![
                            topic,
                            offset,
                            r.key,
                            r.id,
                            r.event_type,
                            r.source,
                            r.at,
                            r.value,
                            r.label.as_ref().map(|label| label.number.cast_signed()),
                            r.label.as_ref().map(|label| &label.digest),
                        ])?;
                    }
                }
                transaction.commit()?;
                Ok(Appended {
                    first_offset,
                    count: records.len(),
                })
            })
            .await?;
        self.appended.notify_waiters();
        Ok(appended)
    }

    /// Up to `limit` records of a topic, from the place `from` on.
    pub async fn read(&self, topic: &str, from: i64, limit: u32) -> Result<Vec<Stored>, SqliteError> {
        let topic = topic.to_owned();
        self.run(move |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM records r {JUDGED}
                 WHERE r.topic = ?1 AND r.offset >= ?2 ORDER BY r.offset LIMIT ?3"
            ))?;
            select.query_map(params![topic, from, limit], stored)?.collect()
        })
        .await
    }

    /// All topics, by name.
    pub async fn topics(&self) -> Result<Vec<TopicInfo>, SqliteError> {
        self.run(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT r.topic, count(*), o.next FROM records r LEFT JOIN offsets o ON o.topic = r.topic
                 GROUP BY r.topic ORDER BY r.topic",
            )?;
            let info = |row: &Row<'_>| {
                Ok(TopicInfo {
                    topic: row.get(0)?,
                    records: row.get(1)?,
                    acknowledged: row.get(2)?,
                })
            };
            select.query_map([], info)?.collect()
        })
        .await
    }

    /// The first record that the gate has not acknowledged.
    pub(super) async fn next_offset(&self, topic: &str) -> Result<i64, SqliteError> {
        let topic = topic.to_owned();
        self.run(move |connection| {
            let mut select = connection.prepare_cached("SELECT next FROM offsets WHERE topic = ?1")?;
            Ok(select.query_row([&topic], |row| row.get(0)).optional()?.unwrap_or(0))
        })
        .await
    }

    /// Acknowledges a record: what became of it and the next offset, in one transaction. The end of one that was put
    /// aside may be known before it is acknowledged, and stays.
    pub(super) async fn acknowledge(&self, topic: &str, offset: i64, judged: Judged) -> Result<(), SqliteError> {
        let topic = topic.to_owned();
        self.run(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            judged.note(&transaction, &topic, offset, Over::Nothing)?;
            transaction
                .prepare_cached("INSERT INTO offsets (topic, next) VALUES (?1, ?2) ON CONFLICT (topic) DO UPDATE SET next = max(next, excluded.next)")?
                .execute(params![topic, offset + 1])?;
            transaction.commit()
        })
        .await
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let judged = match row.get::<_, Option<String>>(9)? {
        None => None,
        Some(decided) => Some(Judged {
            decided,
            reason: row.get(10)?,
            revision: row.get::<_, Option<i64>>(11)?.map(i64::cast_unsigned),
            policy: row.get(12)?,
        }),
    };
    let number = row.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned);
    let label = number.zip(row.get(8)?).map(|(number, digest)| Label { number, digest });
    let record = Record {
        key: row.get(1)?,
        id: row.get(2)?,
        event_type: row.get(3)?,
        source: row.get(4)?,
        at: row.get(5)?,
        value: row.get(6)?,
        label,
    };
    Ok(Stored {
        offset: row.get(0)?,
        record,
        judged,
    })
}
