//! Why a folder has no bundle: which file, and what to change.

use std::{io, path::PathBuf};

use tidegate_letter::Problem;
use tidegate_policy::{BundleError, PolicyError};

use crate::position::Position;

/// Why a folder has no bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// There is no manifest.
    #[error("{} has no policy.yaml, policy.yml or policy.json", .0.display())]
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
    /// The files are no bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The files are no policy.
    #[error("{}{}", file.display(), shown(*position))]
    Policy {
        /// The file with the cause.
        file: PathBuf,
        /// Where in it.
        position: Option<Position>,
        /// What is wrong.
        #[source]
        source: Box<PolicyError>,
    },
    /// Dead letters cannot look so.
    #[error("{}{}: the template of dead letters", file.display(), shown(*position))]
    Template {
        /// The manifest.
        file: PathBuf,
        /// Where in it.
        position: Option<Position>,
        /// What is wrong.
        #[source]
        source: Box<Problem>,
    },
    /// A keyword of a schema is misspelt.
    #[error(
        "{}{}: JSON Schema has no keyword `{keyword}`; did you mean `{meant}`? A name of your own begins with `x-`",
        file.display(),
        shown(*position)
    )]
    Keyword {
        /// The schema.
        file: PathBuf,
        /// Where in it.
        position: Option<Position>,
        /// The keyword.
        keyword: String,
        /// The one that was probably meant.
        meant: &'static str,
    },
    /// A schema is named in a way that is not its only one.
    #[error(
        "{}{}: {name:?} is no file of the folder: write its path from the folder, such as order.placed/1.json",
        file.display(), shown(*position)
    )]
    NotAName {
        /// The manifest.
        file: PathBuf,
        /// Where in it.
        position: Option<Position>,
        /// What the manifest says.
        name: String,
    },
    /// A document ends in the midst.
    #[error("the bundle ends in the midst: is it still being written?")]
    Cut,
    /// A document is not text.
    #[error("the bundle is not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// A document is too large.
    #[error("as one document the policy has {bytes} bytes, and may have {limit}")]
    LargeDocument {
        /// Its size in bytes.
        bytes: usize,
        /// The largest size in bytes.
        limit: usize,
    },
    /// A document has too many files.
    #[error("the bundle has {0} files, and may have 2,000")]
    ManyFiles(usize),
    /// A document names a file as no folder could.
    #[error("the bundle has a file {0:?}, and each has a path of its own in a folder, such as order.placed/1.json")]
    FileName(String),
}

impl FolderError {
    /// Whether the files may be the same and yet readable later.
    pub const fn is_of_the_machine(&self) -> bool {
        matches!(self, Self::Read { .. })
    }

    /// Whether the rest may still be written.
    pub const fn is_cut(&self) -> bool {
        matches!(self, Self::Cut)
    }
}

fn shown(position: Option<Position>) -> String {
    position.map_or_else(String::new, |position| format!(": {position}"))
}
