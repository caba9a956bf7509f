//! Stores scheduled retries on SQLite: one row each. Knows nothing of what happens when one is due.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use tidegate_model::{backend::Scheduler, backend_error::BackendError, clock, scheduled_retry::ScheduledRetry};

use super::{Db, Processed, SqliteError, topics::Replaces};

#[async_trait]
impl Scheduler for Db {
    async fn schedule(&self, retry: &ScheduledRetry, _delay: Duration) -> Result<(), BackendError> {
        let (name, due, record) = (retry.name(), retry.due, retry.to_json()?);
        let stored = self.run(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO scheduled_retries (name, due, record) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                )?
                .execute(params![name, due, record])
        });
        stored
            .await
            .map_err(|error| BackendError::broken(format!("scheduling {}", retry.name()), error))?;
        self.scheduled.notify_one();
        Ok(())
    }
}

impl Db {
    /// Names and records of up to `limit` due retries, the longest due first.
    pub(super) async fn due(&self, limit: u32) -> Result<Vec<(String, String)>, SqliteError> {
        self.run(move |connection| {
            let mut select = connection
                .prepare_cached("SELECT name, record FROM scheduled_retries WHERE due <= ?1 ORDER BY due LIMIT ?2")?;
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            select.query_map(params![clock::unix_millis(), limit], row)?.collect()
        })
        .await
    }

    /// When the next retry after now is due, milliseconds since 1970.
    pub(super) async fn next_due(&self) -> Result<Option<i64>, SqliteError> {
        self.run(|connection| {
            connection
                .prepare_cached("SELECT due FROM scheduled_retries WHERE due > ?1 ORDER BY due LIMIT 1")?
                .query_row([clock::unix_millis()], |row| row.get(0))
                .optional()
        })
        .await
    }

    /// A retry was not acknowledged: it is due again later.
    pub(super) async fn postpone(&self, name: String, wait: Duration) -> Result<(), SqliteError> {
        let due = clock::unix_millis().saturating_add(clock::millis(wait));
        self.run(move |connection| {
            connection
                .prepare_cached("UPDATE scheduled_retries SET due = ?2 WHERE name = ?1")?
                .execute(params![name, due])
        })
        .await
        .map(drop)
    }

    /// A retry is processed: deletes it, and stores its disposition with the record that it was read from.
    pub(super) async fn finish(
        &self,
        name: String,
        first_record: Option<(String, i64)>,
        processed: Processed,
    ) -> Result<(), SqliteError> {
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            transaction
                .prepare_cached("DELETE FROM scheduled_retries WHERE name = ?1")?
                .execute([name])?;
            if let Some((topic, offset)) = first_record {
                processed.store(&transaction, &topic, offset, Replaces::Preliminary)?;
            }
            transaction.commit()
        })
        .await
    }

    /// Number of scheduled retries.
    pub(super) async fn count_scheduled_retries(&self) -> Result<i64, SqliteError> {
        self.run(|connection| connection.query_row("SELECT count(*) FROM scheduled_retries", [], |row| row.get(0)))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::{Db, Processed};
    use crate::Record;

    fn processed(disposition: &str, number: usize) -> Processed {
        Processed {
            disposition: disposition.to_owned(),
            dead_letter_reason: None,
            reason: number.to_string(),
            policy: "sha256:00".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_final_disposition_replaces_any_other_and_is_not_replaced_by_a_preliminary_one() {
        let dir = tempfile::tempdir().expect("a directory");
        let db = Db::open(&dir.path().join("events.db")).expect("opened");
        // The first disposition is of the record, the others are of its scheduled retries.
        let cases: [(&[&str], &str, &str); 5] = [
            (&["scheduled", "published"], "published", "2"),
            (&["scheduled", "duplicate"], "duplicate", "2"),
            (&["scheduled", "published", "duplicate"], "published", "2"),
            (&["scheduled", "dead_lettered", "scheduled"], "dead_lettered", "2"),
            (&["scheduled", "scheduled", "dead_lettered"], "dead_lettered", "3"),
        ];
        for (offset, (dispositions, disposition, number)) in (0..).zip(cases) {
            db.append("t", vec![Record::default()]).await.expect("appended");
            for (number, disposition) in (1..).zip(dispositions) {
                let processed = processed(disposition, number);
                let stored = match number {
                    1 => db.acknowledge("t", offset, processed).await,
                    _ => {
                        db.finish("retry".to_owned(), Some(("t".to_owned(), offset)), processed)
                            .await
                    }
                };
                stored.expect("stored");
            }
            let read = db.read("t", offset, 1).await.expect("readable");
            let found = read[0].processed.as_ref().expect("processed");
            assert_eq!(
                (&*found.disposition, &*found.reason),
                (disposition, number),
                "{dispositions:?}"
            );
        }
    }
}
