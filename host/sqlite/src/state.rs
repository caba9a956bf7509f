//! The state store on SQLite: one row for each key, with a version number as its tag. A batch is one transaction. Knows
//! nothing of what is in a record.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use tidegate_model::{
    backend::{Expected, Put, StateStore, Versioned, Written},
    backend_error::BackendError,
    clock,
    error::chain,
};

use super::{Db, SqliteError};

/// Records that are deleted in one transaction.
const SWEPT: u32 = 5000;

#[async_trait]
impl StateStore for Db {
    async fn get(&self, keys: &[&str]) -> Vec<Result<Option<Versioned>, BackendError>> {
        let names: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let found = self.run(move |connection| {
            let mut select =
                connection.prepare_cached("SELECT value, etag FROM state WHERE key = ?1 AND expires > ?2")?;
            let versioned = |row: &rusqlite::Row<'_>| {
                Ok(Versioned {
                    record: row.get(0)?,
                    etag: row.get::<_, i64>(1)?.to_string(),
                })
            };
            let now = clock::unix_millis();
            let find = |name: &String| select.query_row(params![name, now], versioned).optional();
            names.iter().map(find).collect::<Result<Vec<_>, _>>()
        });
        each(keys.iter().copied(), "reading", found.await)
    }

    async fn put(&self, puts: &[Put<'_>]) -> Vec<Result<Written, BackendError>> {
        let rows: Vec<_> = puts.iter().map(NewRow::from).collect();
        let written = self.run(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let written = rows
                .iter()
                .map(|row| row.write(&transaction))
                .collect::<Result<Vec<_>, _>>()?;
            transaction.commit()?;
            Ok(written)
        });
        each(puts.iter().map(|put| put.key), "writing", written.await)
    }
}

/// A row to write, owned by the thread that writes it.
struct NewRow {
    key: String,
    record: Vec<u8>,
    /// The version that must be present; 0: none.
    expected: i64,
    /// Milliseconds since 1970.
    expires: i64,
}

impl From<&Put<'_>> for NewRow {
    fn from(put: &Put<'_>) -> Self {
        Self {
            key: put.key.to_owned(),
            record: put.record.to_owned(),
            expected: match put.expected {
                Expected::Absent => 0,
                Expected::Version(etag) => etag.parse().unwrap_or(-1),
            },
            expires: clock::unix_millis().saturating_add(clock::millis(put.keep)),
        }
    }
}

impl NewRow {
    fn write(&self, transaction: &Transaction<'_>) -> rusqlite::Result<Written> {
        let present: Option<i64> = transaction
            .prepare_cached("SELECT etag FROM state WHERE key = ?1 AND expires > ?2")?
            .query_row(params![self.key, clock::unix_millis()], |row| row.get(0))
            .optional()?;
        if self.expected != present.unwrap_or(0) {
            return Ok(Written::Conflict);
        }
        let etag = self.expected + 1;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO state (key, value, etag, expires) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![self.key, self.record, etag, self.expires])?;
        Ok(Written::Stored(Some(etag.to_string())))
    }
}

/// The result for each key; a failure of the transaction is that of all.
fn each<'a, T>(
    keys: impl Iterator<Item = &'a str>,
    action: &str,
    results: Result<Vec<T>, SqliteError>,
) -> Vec<Result<T, BackendError>> {
    match results {
        Ok(results) => results.into_iter().map(Ok).collect(),
        Err(error) => {
            let reason = chain(&error);
            keys.map(|key| {
                Err(BackendError::refused(
                    format!("{action} the state {key:?}"),
                    reason.clone(),
                ))
            })
            .collect()
        }
    }
}

impl Db {
    /// Deletes expired records, some thousands at a time.
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
