//! Where the mistake in a folder stands that no sandbox would take. The policy is made once more, natively, since that can tell file and
//! line. Of a folder that takes too long, the error stays as it is.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::anyhow;
use tidegate_folder::FolderError;

/// How long the folder is looked at.
const PATIENCE: Duration = Duration::from_secs(2);

/// The error with its place, where the path is a folder and the mistake is found; else the error as it is.
pub(super) fn placed(path: &Path, error: anyhow::Error) -> anyhow::Error {
    if !path.is_dir() {
        return error;
    }
    match found(path.to_owned()) {
        Some(found) => anyhow!(found),
        None => error,
    }
}

/// Not on the runtime, which would wait for it at the end.
fn found(folder: PathBuf) -> Option<FolderError> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(tidegate_folder::check(&folder).err()));
    receiver.recv_timeout(PATIENCE).ok()?
}
