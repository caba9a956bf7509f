//! State on the embedded backend: one row a key, with a version number for its tag.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, TransactionBehavior, params};

use super::{Db, SqliteError};
use crate::{
    backend::{BackendError, Expected, Put, StateStore, Versioned},
    clock,
};

/// Records that are deleted in one transaction.
const SWEPT: u32 = 5000;

#[async_trait]
impl StateStore for Db {
    async fn get(&self, key: &str) -> Result<Option<Versioned>, BackendError> {
        let name = key.to_owned();
        let found = self.run(move |connection| {
            let mut select =
                connection.prepare_cached("SELECT value, etag FROM state WHERE key = ?1 AND expires > ?2")?;
            let versioned = |row: &rusqlite::Row<'_>| {
                Ok(Versioned {
                    record: row.get(0)?,
                    etag: row.get::<_, i64>(1)?.to_string(),
                })
            };
            select
                .query_row(params![name, clock::unix_millis()], versioned)
                .optional()
        });
        found
            .await
            .map_err(|error| BackendError::broken(format!("reading the state {key:?}"), error))
    }

    async fn put(&self, key: &str, record: &[u8], expected: Expected<'_>, keep: Duration) -> Result<Put, BackendError> {
        let name = key.to_owned();
        let record = record.to_owned();
        let expected = match expected {
            Expected::Absent => 0,
            Expected::Version(etag) => etag.parse::<i64>().unwrap_or(-1),
        };
        let put = self.run(move |connection| {
            let now = clock::unix_millis();
            let expires = now.saturating_add(clock::millis(keep));
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let present: Option<i64> = transaction
                .prepare_cached("SELECT etag FROM state WHERE key = ?1 AND expires > ?2")?
                .query_row(params![name, now], |row| row.get(0))
                .optional()?;
            if expected != present.unwrap_or(0) {
                return Ok(Put::Conflict);
            }
            transaction
                .prepare_cached("INSERT OR REPLACE INTO state (key, value, etag, expires) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![name, record, expected + 1, expires])?;
            transaction.commit()?;
            Ok(Put::Stored(Some((expected + 1).to_string())))
        });
        put.await
            .map_err(|error| BackendError::broken(format!("writing the state {key:?}"), error))
    }
}

impl Db {
    /// Deletes records whose time is over, some thousands at a time.
    pub(super) async fn sweep(&self) -> Result<(), SqliteError> {
        loop {
            let deleted = self.run(|connection| {
                connection
                    .prepare_cached(
                        "DELETE FROM state WHERE key IN (SELECT key FROM state WHERE expires <= ?1 LIMIT ?2)",
                    )?
                    .execute(params![clock::unix_millis(), SWEPT])
            });
            if deleted.await? < SWEPT as usize {
                return Ok(());
            }
        }
    }
}
