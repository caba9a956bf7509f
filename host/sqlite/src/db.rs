//! The data file: opens it, creates its tables, and runs statements off the async threads. Knows nothing of what is in the
//! tables.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::Notify;

/// Raised when the tables change.
const FORMAT: i64 = 1;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS records (
    topic   TEXT    NOT NULL,
    offset  INTEGER NOT NULL,
    key     TEXT,
    id      TEXT,
    type    TEXT,
    source  TEXT,               -- the record that this one is made of, such as orders@12
    at      TEXT    NOT NULL,   -- RFC 3339
    value   BLOB    NOT NULL,   -- the event as its producer wrote it
    policy  TEXT,               -- digest of the policy that made it
    PRIMARY KEY (topic, offset)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS processed (
    topic   TEXT    NOT NULL,
    offset  INTEGER NOT NULL,
    disposition TEXT NOT NULL,
    dead_letter_reason TEXT,
    reason  TEXT    NOT NULL,
    policy  TEXT    NOT NULL,
    PRIMARY KEY (topic, offset)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS offsets (
    topic   TEXT    PRIMARY KEY,
    next    INTEGER NOT NULL    -- the first record that is not acknowledged
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (
    key     TEXT    PRIMARY KEY,
    value   BLOB    NOT NULL,
    etag    INTEGER NOT NULL,
    expires INTEGER NOT NULL    -- milliseconds since 1970
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS state_expires ON state (expires);
CREATE TABLE IF NOT EXISTS scheduled_retries (
    name    TEXT    PRIMARY KEY,
    due     INTEGER NOT NULL,   -- milliseconds since 1970
    record  TEXT    NOT NULL    -- the delivery and what comes next for it, JSON
);
CREATE INDEX IF NOT EXISTS scheduled_retries_due ON scheduled_retries (due);
";

/// Why an operation on the data file failed.
#[derive(Debug, thiserror::Error)]
pub enum SqliteError {
    /// It cannot be opened.
    #[error("the data file {} cannot be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rusqlite::Error,
    },
    /// It was written by another version.
    #[error("the data file {} has format {found}, and this version reads {FORMAT}; move it away or use the version that wrote it", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
    },
    /// Another gate runs on it.
    #[error("another gate runs on the data file {}; stop it, or give this one a file of its own (`sqlite.path`)", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The lock file beside it cannot be locked.
    #[error("the file {} cannot be locked", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A statement failed.
    #[error("the data file cannot be read or written")]
    Sql(#[from] rusqlite::Error),
    /// The thread of a statement panicked.
    #[error("the data file's thread ended")]
    Thread(#[from] tokio::task::JoinError),
}

/// An open file. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    connection: Arc<Mutex<Connection>>,
    pub(super) appended: Arc<Notify>,
    pub(super) scheduled: Arc<Notify>,
}

impl Db {
    /// Opens the file, and creates it if there is none. Several processes may have it open. A committed transaction survives
    /// a crash of the process.
    pub fn open(path: &Path) -> Result<Self, SqliteError> {
        Self::open_with(path, "normal")
    }

    /// The same, but a committed transaction survives a power failure too.
    pub fn open_durable(path: &Path) -> Result<Self, SqliteError> {
        Self::open_with(path, "full")
    }

    fn open_with(path: &Path, synchronous: &str) -> Result<Self, SqliteError> {
        let connection = Connection::open(path)
            .and_then(|mut connection| prepare(&mut connection, synchronous).map(|format| (connection, format)))
            .map_err(|source| SqliteError::Open {
                path: path.to_owned(),
                source,
            });
        let (connection, found) = connection?;
        if found != FORMAT {
            return Err(SqliteError::Format {
                path: path.to_owned(),
                found,
            });
        }
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            appended: Arc::new(Notify::new()),
            scheduled: Arc::new(Notify::new()),
        })
    }

    /// Runs `statements` on a thread that may block.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        statements: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let connection = self.connection.clone();
        let ran = tokio::task::spawn_blocking(move || {
            statements(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        Ok(ran.await??)
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").finish_non_exhaustive()
    }
}

fn prepare(connection: &mut Connection, synchronous: &str) -> rusqlite::Result<i64> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.set_prepared_statement_cache_capacity(32);
    if !(0..FORMAT).contains(&format(connection)?) {
        return format(connection);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have created the tables meanwhile.
    match format(&transaction)? {
        0 => transaction.execute_batch(TABLES)?,
        other => return Ok(other),
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(FORMAT)
}

fn format(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::{Connection, Db, FORMAT};

    #[test]
    fn a_file_of_a_later_format_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("events.db");
        let later = Connection::open(&path).expect("opened");
        later.pragma_update(None, "user_version", FORMAT + 1).expect("written");
        let error = Db::open(&path).expect_err("refused");
        assert!(error.to_string().contains("use the version that wrote it"), "{error}");
    }
}
