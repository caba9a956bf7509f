//! The denylist: policies that the gate rolled back automatically, so that a restart does not load them. One small file for
//! each, beside the compiled policies. Knows nothing of why a policy is rolled back.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::revisions::Retired;

/// Its place in the directory of compiled policies.
const DIRECTORY: &str = "denylist";
/// Files that are kept, the newest ones.
const MAX_FILES: usize = 64;

/// The denylist of a gate.
#[derive(Debug)]
pub(super) struct Denylist {
    /// `None`: nothing is stored, and a restart finds no denylist.
    dir: Option<PathBuf>,
    /// Part of each file's name. Gates may share a directory; those with the same policy file share their denylist.
    gate: String,
}

impl Denylist {
    /// The denylist of the gate with the policy file `policy`.
    pub(super) fn new(cache: Option<&Path>, policy: &Path) -> Self {
        let policy = std::path::absolute(policy).unwrap_or_else(|_| policy.to_owned());
        let hash = Sha256::digest(policy.as_os_str().as_encoded_bytes());
        Self {
            dir: cache.map(|cache| cache.join(DIRECTORY)),
            gate: hex::encode(&hash[..8]),
        }
    }

    /// When and why the policy of this digest was rolled back.
    pub(super) fn find(&self, digest: &str) -> Option<Retired> {
        let file = self.file(digest)?;
        let json = match fs::read(&file) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "the denylist cannot be read: this policy may have been rolled back");
                return None;
            }
        };
        // The policy is on the denylist even when its file is cut off.
        let unknown = |_| Retired {
            at: "an unknown time".to_owned(),
            why: format!("{} has no reason", file.display()),
        };
        Some(serde_json::from_slice(&json).unwrap_or_else(unknown))
    }

    /// Adds a policy: a restart does not load it.
    pub(super) fn add(&self, digest: &str, retired: &Retired) {
        let Some(file) = self.file(digest) else {
            tracing::warn!(
                "there is no cache directory for the denylist: a restart loads the rolled-back policy again"
            );
            return;
        };
        if let Err(error) = write(&file, retired) {
            tracing::warn!(file = %file.display(), %error, "the denylist cannot be written: a restart loads the rolled-back policy again");
        }
    }

    /// Removes a policy: a restart may load it.
    pub(super) fn remove(&self, digest: &str) {
        let Some(file) = self.file(digest) else { return };
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(file = %file.display(), %error, "the policy cannot be removed from the denylist: a restart refuses it");
            }
            _ => {}
        }
    }

    fn file(&self, digest: &str) -> Option<PathBuf> {
        let hex = digest.trim_start_matches("sha256:");
        Some(self.dir.as_ref()?.join(format!("{hex}-{}.json", self.gate)))
    }
}

fn write(file: &Path, retired: &Retired) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    fs::write(file, serde_json::to_vec(retired)?)?;
    // Another gate may delete the same files at this moment: the next call deletes what is left.
    prune(dir).or(Ok(()))
}

fn prune(dir: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort_unstable_by(|a, b| b.cmp(a));
    files.drain(..MAX_FILES.min(files.len()));
    files.iter().try_for_each(|(_, file)| fs::remove_file(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retired(why: &str) -> Retired {
        Retired {
            at: "2026-03-01T09:30:00Z".to_owned(),
            why: why.to_owned(),
        }
    }

    #[test]
    fn a_rolled_back_policy_is_found_by_its_gate_until_it_is_allowed() {
        let dir = tempfile::tempdir().expect("a directory");
        let gate = || Denylist::new(Some(dir.path()), Path::new("policy.wasm"));
        gate().add("sha256:00ff", &retired("it faulted"));
        assert_eq!(gate().find("sha256:00ff"), Some(retired("it faulted")));
        assert_eq!(gate().find("sha256:01ff"), None);
        let other = Denylist::new(Some(dir.path()), Path::new("other.wasm"));
        assert_eq!(other.find("sha256:00ff"), None, "another gate");
        let file = gate().file("sha256:00ff").expect("a file");
        fs::write(file, b"{\"at\":").expect("written");
        assert!(gate().find("sha256:00ff").is_some(), "half a file counts");
        gate().remove("sha256:00ff");
        assert_eq!(gate().find("sha256:00ff"), None);
        gate().remove("sha256:00ff");
    }

    #[test]
    fn the_oldest_files_are_deleted() {
        let dir = tempfile::tempdir().expect("a directory");
        let gate = Denylist::new(Some(dir.path()), Path::new("policy.wasm"));
        for number in 0..MAX_FILES + 3 {
            gate.add(&format!("sha256:{number}"), &retired("it faulted"));
        }
        let files = fs::read_dir(dir.path().join(DIRECTORY)).expect("readable");
        assert_eq!(files.count(), MAX_FILES);
        assert!(
            gate.find(&format!("sha256:{}", MAX_FILES + 2)).is_some(),
            "the newest is kept"
        );
    }
}
