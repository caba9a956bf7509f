//! The policies that the gate went back from by itself, where a restart finds them: one small file each, beside the compiled
//! policies.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::revision::Left;

/// Where they lie in the directory of compiled policies.
const DIRECTORY: &str = "denylist";
/// Files that are kept, the last written ones.
const KEPT: usize = 64;

/// What the gate went back from.
#[derive(Debug)]
pub(super) struct Denylist {
    /// `None`: nothing is kept, and a restart knows nothing of it.
    dir: Option<PathBuf>,
    /// Tells the gates apart that share a directory: those with the same file of the policy share what they went back from.
    of: String,
}

impl Denylist {
    /// For the gate with the policy in the file `policy`.
    pub(super) fn new(cache: Option<&Path>, policy: &Path) -> Self {
        let policy = std::path::absolute(policy).unwrap_or_else(|_| policy.to_owned());
        let hash = Sha256::digest(policy.as_os_str().as_encoded_bytes());
        Self {
            dir: cache.map(|cache| cache.join(DIRECTORY)),
            of: hex::encode(&hash[..8]),
        }
    }

    /// Why the policy of this digest was left.
    pub(super) fn find(&self, digest: &str) -> Option<Left> {
        let file = self.file(digest)?;
        let json = match fs::read(&file) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "it cannot be read whether the gate went back from this policy");
                return None;
            }
        };
        // Half written, it says all the same that the gate went back.
        let unknown = |_| Left {
            at: "a time that is not known".to_owned(),
            why: format!("{} does not say why", file.display()),
        };
        Some(serde_json::from_slice(&json).unwrap_or_else(unknown))
    }

    pub(super) fn remember(&self, digest: &str, left: &Left) {
        let Some(file) = self.file(digest) else {
            tracing::warn!("without a cache directory a restart takes the policy again that the gate went back from");
            return;
        };
        if let Err(error) = write(&file, left) {
            tracing::warn!(file = %file.display(), %error, "a restart takes the policy again that the gate went back from");
        }
    }

    pub(super) fn forget(&self, digest: &str) {
        let Some(file) = self.file(digest) else { return };
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(file = %file.display(), %error, "a restart refuses the policy that was chosen");
            }
            _ => {}
        }
    }

    fn file(&self, digest: &str) -> Option<PathBuf> {
        let hex = digest.trim_start_matches("sha256:");
        Some(self.dir.as_ref()?.join(format!("{hex}-{}.json", self.of)))
    }
}

fn write(file: &Path, left: &Left) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    fs::write(file, serde_json::to_vec(left)?)?;
    // Another gate may do so at the same time: what stays now goes later.
    prune(dir).or(Ok(()))
}

fn prune(dir: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort_unstable_by(|a, b| b.cmp(a));
    files.drain(..KEPT.min(files.len()));
    files.iter().try_for_each(|(_, file)| fs::remove_file(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(why: &str) -> Left {
        Left {
            at: "2026-03-01T09:30:00Z".to_owned(),
            why: why.to_owned(),
        }
    }

    #[test]
    fn what_was_left_is_found_by_the_same_gate_until_it_is_chosen_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let gate = || Denylist::new(Some(dir.path()), Path::new("policy.wasm"));
        gate().remember("sha256:00ff", &left("it faulted"));
        assert_eq!(gate().find("sha256:00ff"), Some(left("it faulted")));
        assert_eq!(gate().find("sha256:01ff"), None);
        let other = Denylist::new(Some(dir.path()), Path::new("other.wasm"));
        assert_eq!(other.find("sha256:00ff"), None, "another gate");
        let file = gate().file("sha256:00ff").expect("a file");
        fs::write(file, b"{\"at\":").expect("written");
        assert!(gate().find("sha256:00ff").is_some(), "half a file is one");
        gate().forget("sha256:00ff");
        assert_eq!(gate().find("sha256:00ff"), None);
        gate().forget("sha256:00ff");
    }

    #[test]
    fn there_are_never_more_than_are_kept() {
        let dir = tempfile::tempdir().expect("a directory");
        let gate = Denylist::new(Some(dir.path()), Path::new("policy.wasm"));
        for number in 0..KEPT + 3 {
            gate.remember(&format!("sha256:{number}"), &left("it faulted"));
        }
        let files = fs::read_dir(dir.path().join(DIRECTORY)).expect("readable");
        assert_eq!(files.count(), KEPT);
        assert!(gate.find(&format!("sha256:{}", KEPT + 2)).is_some(), "the last one is");
    }
}
