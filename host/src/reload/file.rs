//! The policy's file: when it is whole, and its bytes.

use std::{
    io::{self, Read},
    path::Path,
    time::{Duration, Instant},
};

use super::{Stamp, watch::Watch};
use crate::admission::Refusal;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;
/// How long an empty file is taken for one that is about to be written.
const EMPTY: Duration = Duration::from_secs(10);

/// Waits until the file has not changed for a while and nobody is writing to it; `None`: it is gone.
pub(super) async fn settled(path: &Path, watch: &Watch) -> Option<Stamp> {
    let started = Instant::now();
    let mut before = Stamp::of(path).ok().flatten();
    loop {
        tokio::time::sleep(watch.settings.settle).await;
        let now = Stamp::of(path).ok().flatten();
        let is_empty = now.is_some_and(|stamp| stamp.len == 0) && started.elapsed() < EMPTY;
        if now == before && !is_empty && !watch.is_being_written() {
            return now;
        }
        before = now;
    }
}

/// The bytes of a policy's file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    if !std::fs::metadata(path).map_err(Refusal::Read)?.is_file() {
        return Err(Refusal::Read(io::Error::other("it is not a file")));
    }
    let file = std::fs::File::open(path).map_err(Refusal::Read)?;
    let size = file.metadata().map_err(Refusal::Read)?.len();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Refusal::Read)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Refusal::TooLarge {
            bytes: size,
            limit: LARGEST,
        });
    }
    Ok(bytes)
}
