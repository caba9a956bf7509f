//! Why a folder is no policy: which file, and what to change.

use std::{io, path::PathBuf};

use tidegate_policy::PolicyError;

/// Why a folder is no policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// There is no manifest.
    #[error("{} has no policy.yaml and no policy.json", .0.display())]
    NoManifest(PathBuf),
    /// There are two.
    #[error("{} has several manifests, {}: keep one", folder.display(), names.join(" and "))]
    TwoManifests {
        /// The folder.
        folder: PathBuf,
        /// The manifests.
        names: Vec<&'static str>,
    },
    /// The manifest is not of the form it should have.
    #[error("{}: {problem}", file.display())]
    Manifest {
        /// The manifest.
        file: PathBuf,
        /// What is wrong, with line and column.
        problem: String,
    },
    /// A file cannot be read.
    #[error("{} cannot be read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A link leads out of the folder.
    #[error("{} leads out of the folder: a policy has all its files in one place", .0.display())]
    Outside(PathBuf),
    /// There is too much in the folder.
    #[error("{} has more than {limit}", folder.display())]
    TooLarge {
        /// The folder.
        folder: PathBuf,
        /// What is allowed.
        limit: &'static str,
    },
    /// The files make no policy.
    #[error("{} is no policy", folder.display())]
    Policy {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        #[source]
        source: PolicyError,
    },
}
