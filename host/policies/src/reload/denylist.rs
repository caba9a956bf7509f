//! The policies that the gate rolled back by itself, where a restart finds them: one small file each, beside the compiled
//! policies.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::revision::Retired;

/// Where they lie in the directory of compiled policies.
const DIRECTORY: &str = "denylist";
/// Files that are kept, the newest ones.
const MAX_FILES: usize = 64;

/// The policies that were rolled back.
#[derive(Debug)]
pub(super) struct Denylist {
    /// `None`: nothing is kept, and a restart knows nothing of it.
    dir: Option<PathBuf>,
    /// Tells gates apart that share a directory: those with the same policy file share their denylist.
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
        // A file that is cut off still says that the policy was rolled back.
        let unknown = |_| Retired {
            at: "a time that is not known".to_owned(),
            why: format!("{} does not say why", file.display()),
        };
        Some(serde_json::from_slice(&json).unwrap_or_else(unknown))
    }

    /// A restart will not load this policy.
    pub(super) fn add(&self, digest: &str, retired: &Retired) {
        let Some(file) = self.file(digest) else {
            tracing::warn!("there is no cache directory: a restart loads the policy again that was rolled back");
            return;
        };
        if let Err(error) = write(&file, retired) {
            tracing::warn!(file = %file.display(), %error, "a restart loads the policy again that was rolled back");
        }
    }

    /// A restart may load this policy.
    pub(super) fn remove(&self, digest: &str) {
        let Some(file) = self.file(digest) else { return };
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(file = %file.display(), %error, "a restart still refuses this policy");
            }
            _ => {}
        }
    }

    fn file(&self, digest: &str) -> Option<PathBuf> {
        let hex = digest.trim_start_matches("sha256:");
        Some(self.dir.as_ref()?.join(format!("{hex}-{}.json", self.of)))
    }
}

fn write(file: &Path, retired: &Retired) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    fs::write(file, serde_json::to_vec(retired)?)?;
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
    fn a_rolled_back_policy_is_found_by_the_same_gate_until_it_is_allowed() {
        let dir = tempfile::tempdir().expect("a directory");
        let gate = || Denylist::new(Some(dir.path()), Path::new("policy.wasm"));
        gate().add("sha256:00ff", &retired("it faulted"));
        assert_eq!(gate().find("sha256:00ff"), Some(retired("it faulted")));
        assert_eq!(gate().find("sha256:01ff"), None);
        let other = Denylist::new(Some(dir.path()), Path::new("other.wasm"));
        assert_eq!(other.find("sha256:00ff"), None, "another gate");
        let file = gate().file("sha256:00ff").expect("a file");
        fs::write(file, b"{\"at\":").expect("written");
        assert!(gate().find("sha256:00ff").is_some(), "half a file is one");
        gate().remove("sha256:00ff");
        assert_eq!(gate().find("sha256:00ff"), None);
        gate().remove("sha256:00ff");
    }

    #[test]
    fn there_are_never_more_than_are_kept() {
        let dir = tempfile::tempdir().expect("a directory");
        let gate = Denylist::new(Some(dir.path()), Path::new("policy.wasm"));
        for number in 0..MAX_FILES + 3 {
            gate.add(&format!("sha256:{number}"), &retired("it faulted"));
        }
        let files = fs::read_dir(dir.path().join(DIRECTORY)).expect("readable");
        assert_eq!(files.count(), MAX_FILES);
        assert!(
            gate.find(&format!("sha256:{}", MAX_FILES + 2)).is_some(),
            "the last one is"
        );
    }
}
