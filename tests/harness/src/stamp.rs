//! Marks of what was built from what, so that a second call builds nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The file beside an artefact that holds the digest of what it was built from.
#[derive(Debug)]
pub(crate) struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    /// The stamp of `artefact` for a recipe (the command and its arguments) and the files it reads.
    pub(crate) fn of(artefact: &Path, recipe: &[&str], files: &[PathBuf]) -> Result<Self> {
        let mut hash = Sha256::new();
        hash.update(recipe.join("\0"));
        for file in files {
            let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        Ok(Self {
            file: artefact.with_extension("stamp"),
            digest: hex::encode(hash.finalize()),
        })
    }

    /// Whether the artefact was built from the same recipe and files.
    pub(crate) fn is_current(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|digest| digest == self.digest)
    }

    /// The artefact is about to be built: until [`Stamp::set`], it counts as missing.
    pub(crate) fn clear(&self) {
        let _ = std::fs::remove_file(&self.file);
    }

    /// The artefact is complete.
    pub(crate) fn set(&self) -> Result<()> {
        std::fs::write(&self.file, &self.digest).with_context(|| self.file.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Stamp;

    #[test]
    fn a_change_of_recipe_or_file_is_seen() {
        let dir = tempfile::tempdir().expect("a directory");
        let (artefact, source) = (dir.path().join("daprd"), dir.path().join("go.mod"));
        std::fs::write(&source, "one").expect("written");
        let stamp = |recipe: &str| Stamp::of(&artefact, &[recipe], std::slice::from_ref(&source)).expect("a stamp");
        assert!(!stamp("build").is_current());
        stamp("build").set().expect("set");
        assert!(stamp("build").is_current());
        assert!(!stamp("build -x").is_current());
        std::fs::write(&source, "two").expect("written");
        assert!(!stamp("build").is_current());
    }
}
