//! Scheduler on the embedded backend: one row a hold.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{Db, Judged, SqliteError, topics::Over};
use crate::{
    backend::{BackendError, Scheduler},
    clock,
    scheduled_retry::ScheduledRetry,
};

#[async_trait]
impl Scheduler for Db {
    async fn hold(&self, hold: &ScheduledRetry, _wait: Duration) -> Result<(), BackendError> {
        let (name, due, record) = (hold.name(), hold.due, hold.to_json()?);
        let stored = self.run(move |connection| {
            connection
                .prepare_cached("INSERT INTO holds (name, due, record) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
                .execute(params![name, due, record])
        });
        stored
            .await
            .map_err(|error| BackendError::broken(format!("putting {} aside", hold.name()), error))?;
        self.held.notify_one();
        Ok(())
    }
}

impl Db {
    /// Names and records of up to `limit` holds that are due, the longest due first.
    pub(super) async fn due(&self, limit: u32) -> Result<Vec<(String, String)>, SqliteError> {
        self.run(move |connection| {
            let mut select =
                connection.prepare_cached("SELECT name, record FROM holds WHERE due <= ?1 ORDER BY due LIMIT ?2")?;
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            select.query_map(params![clock::unix_millis(), limit], row)?.collect()
        })
        .await
    }

    /// When the first hold after now is due, milliseconds since 1970.
    pub(super) async fn next_due(&self) -> Result<Option<i64>, SqliteError> {
        self.run(|connection| {
            connection
                .prepare_cached("SELECT due FROM holds WHERE due > ?1 ORDER BY due LIMIT 1")?
                .query_row([clock::unix_millis()], |row| row.get(0))
                .optional()
        })
        .await
    }

    /// A hold did not come to its end: it is due again later.
    pub(super) async fn postpone(&self, name: String, wait: Duration) -> Result<(), SqliteError> {
        let due = clock::unix_millis().saturating_add(clock::millis(wait));
        self.run(move |connection| {
            connection
                .prepare_cached("UPDATE holds SET due = ?2 WHERE name = ?1")?
                .execute(params![name, due])
        })
        .await
        .map(drop)
    }

    /// A hold came to its end: it goes, and the record that it began with is told what became of it.
    pub(super) async fn end(
        &self,
        name: String,
        began: Option<(String, i64)>,
        judged: Judged,
    ) -> Result<(), SqliteError> {
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            transaction
                .prepare_cached("DELETE FROM holds WHERE name = ?1")?
                .execute([name])?;
            if let Some((topic, offset)) = began {
                judged.note(&transaction, &topic, offset, Over::Passing)?;
            }
            transaction.commit()
        })
        .await
    }

    /// How many deliveries are put aside.
    pub async fn holds(&self) -> Result<i64, SqliteError> {
        self.run(|connection| connection.query_row("SELECT count(*) FROM holds", [], |row| row.get(0)))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::{Db, Judged};
    use crate::sqlite::Record;

    fn judged(decided: &str, revision: u64) -> Judged {
        Judged {
            decided: decided.to_owned(),
            reason: "why".to_owned(),
            revision: Some(revision),
            policy: "sha256:00".to_owned(),
        }
    }

    #[tokio::test]
    async fn the_end_of_what_was_held_is_kept_with_its_revision() {
        let dir = tempfile::tempdir().expect("a directory");
        let db = Db::open(&dir.path().join("events.db")).expect("opened");
        // What comes first is acknowledged, the others are ends of holds.
        let cases: [(&[&str], &str, u64); 6] = [
            (&["held", "forward"], "forward", 2),
            (&["held", "dead-letter-held"], "dead-letter-held", 2),
            (&["held", "duplicate"], "duplicate", 2),
            (&["held", "forward", "duplicate"], "forward", 2),
            (&["held", "given-up", "held"], "given-up", 2),
            (&["held", "held", "reject"], "reject", 3),
        ];
        for (offset, (ends, decided, revision)) in (0..).zip(cases) {
            db.append("t", vec![Record::default()]).await.expect("appended");
            for (number, end) in (1..).zip(ends) {
                let judged = judged(end, number);
                let noted = match number {
                    1 => db.acknowledge("t", offset, judged).await,
                    _ => db.end("hold".to_owned(), Some(("t".to_owned(), offset)), judged).await,
                };
                noted.expect("noted");
            }
            let read = db.read("t", offset, 1).await.expect("readable");
            let found = read[0].judged.as_ref().expect("judged");
            assert_eq!(
                (&*found.decided, found.revision),
                (decided, Some(revision)),
                "{ends:?}"
            );
        }
    }
}
