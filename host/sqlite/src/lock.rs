//! Locks a data file for one gate. The lock ends with the process, even when it is killed: the gate that has the lock is the
//! only one that runs on the file.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use super::SqliteError;

/// Locks a data file for this gate, until the returned file is closed. The lock is on a file beside it: SQLite has locks of
/// its own on the data file.
pub fn lock(path: &Path) -> Result<File, SqliteError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push("-gate");
    let failed = |source| SqliteError::Lock {
        path: beside.clone().into(),
        source,
    };
    let lock = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&beside)
        .map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(SqliteError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
