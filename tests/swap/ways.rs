//! How a policy's file is replaced while events keep coming: at once, slowly, or behind a link.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::symlink,
    path::Path,
    time::Duration,
};

use crate::rig::Rig;

/// Shorter than the time that a file must be unchanged before it is read.
const PAUSE: Duration = Duration::from_millis(40);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// Another file is renamed over it.
    Rename,
    /// It is written in place, with pauses.
    Slowly,
    /// It is a link into a directory behind a link, and that link is renamed, as Kubernetes does it.
    Flip,
}

impl Way {
    /// For the swap with this number: mostly by renaming.
    pub(crate) fn of(number: u64) -> Self {
        match number % 10 {
            4 => Self::Slowly,
            // The first of them puts the link there, the second one finds it.
            7 | 8 => Self::Flip,
            _ => Self::Rename,
        }
    }

    pub(crate) async fn put(self, rig: &Rig, number: u64, policy: &[u8]) {
        match self {
            Self::Rename => rig.put(policy),
            Self::Slowly => write_slowly(&rig.path, policy).await,
            Self::Flip => flip(rig, number, policy),
        }
    }
}

/// Writes a file in place, in four parts.
pub(crate) async fn write_slowly(path: &Path, policy: &[u8]) {
    let mut file = File::create(path).expect("writable");
    for part in policy.chunks(policy.len().div_ceil(4)) {
        file.write_all(part).expect("written");
        tokio::time::sleep(PAUSE).await;
    }
}

fn flip(rig: &Rig, number: u64, policy: &[u8]) {
    let dir = rig.dir.path();
    let version = format!("..version-{number}");
    fs::create_dir(dir.join(&version)).expect("made");
    fs::write(dir.join(&version).join("policy.wasm"), policy).expect("written");
    let point = |link: &Path, target: &str| {
        let new = dir.join("..new");
        symlink(target, &new).expect("linked");
        fs::rename(new, link).expect("renamed");
    };
    point(&dir.join("..data"), &version);
    if !rig.path.is_symlink() {
        point(&rig.path, "..data/policy.wasm");
    }
}
