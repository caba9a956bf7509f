//! Topics: append-only lists of records, each read by the gate from its own offset on.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::Serialize;
use tidegate_model::disposition::Disposition;
use tidegate_pipeline::Report;

use super::{Db, SqliteError};

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
    /// Digest of the policy that led to it, where a gate published it.
    pub policy: Option<String>,
}

/// A record in its place.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its place, from 0.
    pub offset: i64,
    /// The record.
    pub record: Record,
    /// What became of it; `None`: it is not processed yet.
    pub processed: Option<Processed>,
}

/// What became of a record.
#[derive(Debug, Clone, Serialize)]
pub struct Processed {
    /// Such as `published`: see [`Disposition`].
    pub disposition: String,
    /// Why it is dead-lettered, when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_letter_reason: Option<String>,
    /// Why, in one line.
    pub reason: String,
    /// Digest of the policy that decided on it.
    pub policy: String,
}

/// Which disposition one that another may follow, such as `scheduled`, replaces. A final one replaces any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// One that another may follow.
    Passing,
    /// None: what is there is newer.
    Nothing,
}

/// Dispositions that another one follows, or that say nothing of the event itself.
const PASSING: [Disposition; 2] = [Disposition::Scheduled, Disposition::Duplicate];

impl Processed {
    /// From the report on a delivery.
    pub(super) fn of(report: &Report) -> Self {
        let reason = report.disposition.dead_letter_reason();
        Self {
            disposition: report.disposition.as_str().to_owned(),
            dead_letter_reason: reason.map(|reason| reason.as_str().to_owned()),
            reason: report.reason.clone(),
            policy: report.revision.digest.clone(),
        }
    }

    /// Writes down what became of a record.
    pub(super) fn note(&self, connection: &Connection, topic: &str, offset: i64, over: Over) -> rusqlite::Result<()> {
        let [scheduled, duplicate] = PASSING.map(Disposition::as_str);
        let passes = [scheduled, duplicate].contains(&&*self.disposition);
        connection
            .prepare_cached(
                "INSERT INTO processed (topic, offset, disposition, dead_letter_reason, reason, policy)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (topic, offset) DO UPDATE SET disposition = excluded.disposition,
                     dead_letter_reason = excluded.dead_letter_reason, reason = excluded.reason, policy = excluded.policy
                 WHERE ?7 OR (?8 AND processed.disposition IN (?9, ?10))",
            )?
            .execute(params![
                topic,
                offset,
                self.disposition,
                self.dead_letter_reason,
                self.reason,
                self.policy,
                !passes,
                over == Over::Passing,
                scheduled,
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

const COLUMNS: &str = "r.offset, r.key, r.id, r.type, r.source, r.at, r.value, r.policy, \
     p.disposition, p.dead_letter_reason, p.reason, p.policy";
const PROCESSED: &str = "LEFT JOIN processed p ON p.topic = r.topic AND p.offset = r.offset";

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
                        "INSERT INTO records (topic, offset, key, id, type, source, at, value, policy)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
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
                            r.policy,
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
                "SELECT {COLUMNS} FROM records r {PROCESSED}
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

    /// Acknowledges a record: what became of it and the next offset, in one transaction. The disposition of a scheduled
    /// retry may be known before its record is acknowledged, and stays.
    pub(super) async fn acknowledge(&self, topic: &str, offset: i64, processed: Processed) -> Result<(), SqliteError> {
        let topic = topic.to_owned();
        self.run(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            processed.note(&transaction, &topic, offset, Over::Nothing)?;
            transaction
                .prepare_cached("INSERT INTO offsets (topic, next) VALUES (?1, ?2) ON CONFLICT (topic) DO UPDATE SET next = max(next, excluded.next)")?
                .execute(params![topic, offset + 1])?;
            transaction.commit()
        })
        .await
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let processed = match row.get::<_, Option<String>>(8)? {
        None => None,
        Some(disposition) => Some(Processed {
            disposition,
            dead_letter_reason: row.get(9)?,
            reason: row.get(10)?,
            policy: row.get(11)?,
        }),
    };
    let record = Record {
        key: row.get(1)?,
        id: row.get(2)?,
        event_type: row.get(3)?,
        source: row.get(4)?,
        at: row.get(5)?,
        value: row.get(6)?,
        policy: row.get(7)?,
    };
    Ok(Stored {
        offset: row.get(0)?,
        record,
        processed,
    })
}
