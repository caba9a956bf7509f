//! The proof of a folder of plain files: what is wrong is found in the manifest, by file and line.

use std::{fmt, path::Path};

use tidegate_folder::FolderError;

use crate::{
    counterexample::Counterexample,
    prove::{self, Proof, ProveError, Settings},
};

/// Why a folder is not proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveFolderError {
    /// It makes no policy.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A migration or a rule is wrong.
    #[error("{place}{counterexample}")]
    Wrong {
        /// The file, line and column, with a colon and a space behind.
        place: Shown,
        /// The event that shows it.
        counterexample: Box<Counterexample>,
    },
    /// It cannot be proved.
    #[error(transparent)]
    Prove(ProveError),
}

/// A place in a file, as it is shown before a message.
#[derive(Debug, Clone)]
pub struct Shown(String);

/// Makes the policy of a folder and proves it. `progress` receives each version before its events are made.
pub fn prove_folder(
    folder: &Path,
    settings: &Settings,
    progress: impl FnMut(&str) + Send,
) -> Result<Proof, ProveFolderError> {
    let (bundle, _) = tidegate_folder::check(folder)?;
    match prove::prove_checked(&bundle, settings, progress) {
        Ok(proof) => Ok(proof),
        Err(ProveError::Wrong(counterexample)) => {
            let (file, position) = tidegate_folder::locate(folder, &counterexample.place)?;
            let position = position.map_or_else(String::new, |position| format!("{position}: "));
            Err(ProveFolderError::Wrong {
                place: Shown(format!("{}: {position}", file.display())),
                counterexample,
            })
        }
        Err(error) => Err(ProveFolderError::Prove(error)),
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
