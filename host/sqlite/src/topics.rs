//! Topics: append-only lists of records with offsets, and the disposition of each processed record. Knows nothing of who
//! reads or appends.

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
    /// Id of the event, where the sender knows it.
    pub id: Option<String>,
    /// Type of the event, where the sender knows it.
    pub event_type: Option<String>,
    /// The record that this one is made of, such as `orders@12`.
    pub source: Option<String>,
    /// When it was appended, RFC 3339.
    pub at: String,
    /// The event.
    pub value: Vec<u8>,
    /// Digest of the policy that made it, where a gate published it.
    pub policy: Option<String>,
}

/// A record and its offset.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its offset, from 0.
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

/// Which stored disposition a preliminary one replaces. A final one replaces any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replaces {
    /// Another preliminary one.
    Preliminary,
    /// None: the stored one is newer.
    Nothing,
}

/// Preliminary dispositions: another one follows, or they tell nothing about the event itself.
const PRELIMINARY: [Disposition; 2] = [Disposition::Scheduled, Disposition::Duplicate];

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

    /// Stores the disposition of a record.
    pub(super) fn store(
        &self,
        connection: &Connection,
        topic: &str,
        offset: i64,
        replaces: Replaces,
    ) -> rusqlite::Result<()> {
        let [scheduled, duplicate] = PRELIMINARY.map(Disposition::as_str);
        let is_preliminary = [scheduled, duplicate].contains(&&*self.disposition);
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
                !is_preliminary,
                replaces == Replaces::Preliminary,
                scheduled,
                duplicate,
            ])
            .map(drop)
    }
}

/// Where records were appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Offset of the first of them.
    pub first_offset: i64,
    /// Number of records.
    pub count: usize,
}

/// A topic and the number of its records.
#[derive(Debug, Clone, Serialize)]
pub struct TopicInfo {
    /// Its name.
    pub topic: String,
    /// Number of records.
    pub records: i64,
    /// Number of acknowledged records; `None`: no gate reads it.
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

    /// Up to `limit` records of a topic, from the offset `from` on.
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

    /// Acknowledges a record: stores its disposition and the next offset, in one transaction. A scheduled retry may be
    /// processed before its record is acknowledged; its disposition is then kept.
    pub(super) async fn acknowledge(&self, topic: &str, offset: i64, processed: Processed) -> Result<(), SqliteError> {
        let topic = topic.to_owned();
        self.run(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            processed.store(&transaction, &topic, offset, Replaces::Nothing)?;
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
