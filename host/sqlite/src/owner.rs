//! One gate a data file. The lock ends with its process, however that ends, so whoever has it knows that no other gate is at
//! work on the file.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use super::SqliteError;

/// Makes a data file this gate's own for as long as the answer is kept. The lock is on a file beside it: SQLite has locks of
/// its own on the data file.
pub fn own(path: &Path) -> Result<File, SqliteError> {
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
        Err(TryLockError::WouldBlock) => Err(SqliteError::Taken { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
